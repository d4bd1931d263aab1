package main

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// webFolder is what make web builds.
const webFolder = "out/web"

// pageFolder is where the page is: as make web builds it, or as an archive of a release has it beside the program, or
// as install.sh puts it.
func pageFolder() string {
	folders := []string{webFolder}
	if program, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(program); err == nil {
			program = real
		}
		beside := filepath.Dir(program)
		folders = append(folders, filepath.Join(beside, "web"), filepath.Join(beside, "..", "share", "gpuconv", "web"))
	}
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(folder, "main.wasm")); err == nil {
			return folder
		}
	}
	return webFolder
}

func (a *app) webCommand() *cobra.Command {
	var folder string
	var port int
	c := &cobra.Command{
		Use:   "web",
		Short: "Serve the page for browsers on localhost",
		Long: `Serves the page that make web builds, the same packages for browsers, on localhost:
WebGPU wants a page from there or from https. Any host of static files can serve the
folder. Releases have the page; without --folder it is looked for in out/web, beside the
program, and where install.sh puts it. Interrupt ends it.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if port < 0 || port > 65535 {
				return usagef("--port %d: must be from 0, which takes a free one, to 65535", port)
			}
			if folder == "" {
				folder = pageFolder()
			}
			if _, err := os.Stat(filepath.Join(folder, "main.wasm")); err != nil {
				return usagef("--folder %s: there is no page in it (%v); make web builds it, into %s, "+
					"and archives of releases have it", folder, err, webFolder)
			}
			ctx, stop := interruptible(c.Context())
			defer stop()
			return a.web(ctx, folder, port)
		},
	}
	c.Flags().StringVar(&folder, "folder", "", "the folder that make web built")
	c.Flags().IntVar(&port, "port", 8080, "the port of localhost; 0 takes a free one")
	return c
}

// web serves the folder until ctx ends.
func (a *app) web(ctx context.Context, folder string, port int) error {
	// Systems whose tables lack these types would have browsers refuse the files.
	for end, kind := range map[string]string{".wasm": "application/wasm", ".js": "text/javascript"} {
		if err := mime.AddExtensionType(end, kind); err != nil {
			return failure{err}
		}
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("localhost", strconv.Itoa(port)))
	if err != nil {
		return failure{fmt.Errorf("serving the page: %w; --port 0 takes a free port", err)}
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(folder)), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	fmt.Fprintf(a.stdout, "http://localhost:%d\n", listener.Addr().(*net.TCPAddr).Port)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return failure{fmt.Errorf("serving the page: %w", err)}
	}
	return nil
}

// Command proxy writes the last commit into a folder as the go command fetches modules, so that `go install` of it
// can be tried before anyone has published it:
//
//	go run ./scripts/proxy FOLDER
//	GOPROXY=file://FOLDER,https://proxy.golang.org GONOSUMDB=github.com/gpuconv \
//		go install github.com/gpuconv/gpuconv/cmd/gpuconv@VERSION
//
// It prints the VERSION. The layout of the folder is that of https://go.dev/ref/mod#goproxy-protocol.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

const path = "github.com/gpuconv/gpuconv"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: proxy FOLDER")
		os.Exit(2)
	}
	version, err := write(os.Args[1], ".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "proxy:", err)
		os.Exit(1)
	}
	fmt.Println(version)
}

// write puts the last commit of the repository below folder, and gives its version.
func write(folder, repository string) (string, error) {
	revision, committed, err := lastCommit(repository)
	if err != nil {
		return "", err
	}
	version := module.PseudoVersion("v0", "", committed, revision[:12])
	folder = filepath.Join(folder, filepath.FromSlash(path), "@v")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	name := filepath.Join(folder, version)
	mod, err := git(repository, "show", revision+":go.mod")
	if err != nil {
		return "", err
	}
	info, err := json.Marshal(map[string]any{"Version": version, "Time": committed})
	if err != nil {
		return "", err
	}
	for file, content := range map[string][]byte{
		name + ".mod":                          mod,
		name + ".info":                         info,
		filepath.Join(folder, "list"):          {}, // of versions that are tagged
		filepath.Join(folder, "..", "@latest"): info,
	} {
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return "", err
		}
	}
	out, err := os.Create(name + ".zip")
	if err != nil {
		return "", err
	}
	err = zip.CreateFromVCS(out, module.Version{Path: path, Version: version}, repository, revision, "")
	if closed := out.Close(); err == nil {
		err = closed
	}
	return version, err
}

// lastCommit gives the hash and the time of the repository's last commit.
func lastCommit(repository string) (revision string, committed time.Time, err error) {
	out, err := git(repository, "show", "-s", "--format=%H %ct", "HEAD")
	if err != nil {
		return "", time.Time{}, err
	}
	revision, seconds, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("git show: %q: %w", out, err)
	}
	return revision, time.Unix(n, 0).UTC(), nil
}

func git(repository string, arguments ...string) ([]byte, error) {
	c := exec.Command("git", arguments...)
	c.Dir, c.Stderr = repository, os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w", strings.Join(arguments, " "), err)
	}
	return out, nil
}

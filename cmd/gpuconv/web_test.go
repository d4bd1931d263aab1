package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWeb holds that the page is served with the types that browsers ask for, until it is interrupted.
func TestWeb(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"main.wasm", "page.js"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, in := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- newApp(in, io.Discard).web(ctx, folder, 0) }()
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	for name, kind := range map[string]string{"main.wasm": "application/wasm", "page.js": "text/javascript"} {
		answer, err := http.Get(strings.TrimSpace(url) + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		got := answer.Header.Get("Content-Type")
		if err != nil || !strings.HasPrefix(got, kind) || string(body) != name {
			t.Errorf("%s: %q of type %q, error %v", name, body, got, err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("interrupted: %v", err)
	}
}

func TestWebRefused(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"web", "--folder", t.TempDir()}, "make web builds it"},
		{[]string{"web", "--port", "70000"}, "65535"},
	} {
		var out, errors strings.Builder
		if code := execute(c.args, &out, &errors); code != exitUsage || !strings.Contains(errors.String(), c.want) {
			t.Errorf("%v: exit code %d, %s", c.args, code, errors.String())
		}
	}
}

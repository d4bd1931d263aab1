package main

import (
	"archive/zip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestWrite holds that a repository's last commit, and no more than that, lies where the go command looks for it.
func TestWrite(t *testing.T) {
	repository, folder := t.TempDir(), t.TempDir()
	put := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(repository, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("go.mod", "module "+path+"\n")
	for _, arguments := range []string{
		"init -q", "add go.mod", "-c user.name=a -c user.email=a@b.c commit -qm first",
	} {
		c := exec.Command("git", strings.Fields(arguments)...)
		c.Dir = repository
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v: %s", arguments, err, out)
		}
	}
	put("later.go", "package later\n")
	version, err := write(folder, repository)
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(folder, filepath.FromSlash(path))
	for name, wanted := range map[string]string{
		"@latest":                 version,
		"@v/list":                 "",
		"@v/" + version + ".info": version,
		"@v/" + version + ".mod":  "module " + path,
	} {
		content, err := os.ReadFile(filepath.Join(base, name))
		if err != nil || !strings.Contains(string(content), wanted) {
			t.Errorf("%s is %q, %v: must have %q", name, content, err, wanted)
		}
	}
	r, err := zip.OpenReader(filepath.Join(base, "@v", version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.File) != 1 || r.File[0].Name != path+"@"+version+"/go.mod" {
		t.Errorf("the archive has %d files, the first %s: must have go.mod alone", len(r.File), r.File[0].Name)
	}
}

// TestWriteOutsideOfARepository holds that the folder is named in which git finds nothing.
func TestWriteOutsideOfARepository(t *testing.T) {
	if _, err := write(t.TempDir(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "git show") {
		t.Errorf("error %v: must say what git was asked", err)
	}
}

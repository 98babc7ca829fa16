package toolchain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// MavenPackages are packages of Java's registry with all that they depend on.
type MavenPackages struct {
	Name string // of the folder
	// Packages are "group:name:version" or "group:name:version:type"; those of a
	// type are fetched without what they depend on.
	Packages []string
	Files    map[string]string // what comes, by name, with its SHA-256
}

func (p *MavenPackages) version() string { return strings.Join(p.Packages, " ") }

// mavenFetch is the goal of Maven's own plugin that puts packages into a folder.
const mavenFetch = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies"

// Fetch downloads the packages unless they are there.
func (p *MavenPackages) Fetch() error {
	_, err := p.tree()
	return err
}

// tree returns the folder that holds the files. Nothing is kept in the user's own
// repository of Maven.
func (p *MavenPackages) tree() (string, error) {
	return fetched("maven", p.Name, func(scratch string) error {
		project, err := p.project()
		if err != nil {
			return err
		}
		const projectFile, repository = "pom.xml", "repository"
		if err := os.WriteFile(filepath.Join(scratch, projectFile), []byte(project), 0o666); err != nil {
			return err
		}
		err = command(scratch, nil, "mvn", "--quiet", "--batch-mode", "--strict-checksums",
			"-Dmaven.repo.local="+filepath.Join(scratch, repository), "-DoutputDirectory="+scratch, mavenFetch)
		if err != nil {
			return fmt.Errorf("%w: %s", err, remedy)
		}
		for _, name := range []string{projectFile, repository} {
			if err := os.RemoveAll(filepath.Join(scratch, name)); err != nil {
				return err
			}
		}
		return p.verify(scratch)
	})
}

// project is a project that depends on the packages and has nothing else.
func (p *MavenPackages) project() (string, error) {
	var b strings.Builder
	b.WriteString("<project><modelVersion>4.0.0</modelVersion><groupId>mewz</groupId><artifactId>fetch</artifactId><version>1</version>" +
		"<packaging>pom</packaging><dependencies>\n")
	for _, coordinates := range p.Packages {
		parts := strings.Split(coordinates, ":")
		if len(parts) != 3 && len(parts) != 4 {
			return "", fmt.Errorf("%q is no group:name:version or group:name:version:type", coordinates)
		}
		fmt.Fprintf(&b, "<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>", parts[0], parts[1], parts[2])
		if len(parts) == 4 {
			fmt.Fprintf(&b, "<type>%s</type><exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>", parts[3])
		}
		b.WriteString("</dependency>\n")
	}
	b.WriteString("</dependencies></project>\n")
	return b.String(), nil
}

// verify wants exactly the files that are listed.
func (p *MavenPackages) verify(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		if got := hex.EncodeToString(sum[:]); got != p.Files[e.Name()] {
			return fmt.Errorf("%s has the SHA-256 %s, want %q", e.Name(), got, p.Files[e.Name()])
		}
	}
	if len(entries) != len(p.Files) {
		return fmt.Errorf("%d files came, want %d", len(entries), len(p.Files))
	}
	return nil
}

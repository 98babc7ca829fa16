package main

import (
	"errors"
	"strings"
	"time"

	"mewz/abi"
	"mewz/kernel/commandline"
	"mewz/kernel/initramfs"
	"mewz/kernel/vfs"
)

// What of an initramfs is configuration and no file (decision 0021): a directory at its
// root, with arguments and variables for the program, one a line, or each with a zero
// behind it if there is a zero in the file.
const (
	settingsName    = ".mewz"
	settingsArgs    = ".mewz/args"
	settingsEnv     = ".mewz/env"
	settingsExample = "write NAME=VALUE in each line"
)

// initramfsError is an entry that cannot be used.
type initramfsError struct {
	name   string
	reason error
}

func (e *initramfsError) Error() string { return "initramfs: " + e.name + ": " + e.reason.Error() }

func (e *initramfsError) Unwrap() error { return e.reason }

// entries calls visit for each entry of an archive that want chooses by name.
func entries(archive []byte, want func(name string) bool, visit func(e *initramfs.Entry) error) error {
	for {
		e, rest, err := initramfs.Next(archive)
		if err == initramfs.ErrEnd {
			return nil
		}
		if err != nil {
			return err
		}
		archive = rest
		if !want(e.Name) {
			continue
		}
		if err := visit(&e); err != nil {
			return &initramfsError{e.Name, err}
		}
	}
}

func isSetting(name string) bool {
	return name == settingsName || strings.HasPrefix(name, settingsName+"/")
}

func isFile(name string) bool { return name != "" && !isSetting(name) }

var (
	errSetting      = errors.New("no setting: " + settingsArgs + " and " + settingsEnv + " are")
	errSettingType  = errors.New("a setting is a file")
	errSettingValue = errors.New("no variable: " + settingsExample)
)

// applySettings overrides arguments and environment by those in an archive.
func applySettings(c *abi.Config, archive []byte) error {
	return entries(archive, isSetting, func(e *initramfs.Entry) error {
		if e.Name == settingsName {
			return nil
		}
		if e.Type != initramfs.File {
			return errSettingType
		}
		switch e.Name {
		case settingsArgs:
			c.Args = withArgs(c.Args, lines(e.Data))
		case settingsEnv:
			for _, variable := range lines(e.Data) {
				var err error
				if c.Env, err = commandline.SetVariable(c.Env, variable); err != nil {
					return errSettingValue
				}
			}
		default:
			return errSetting
		}
		return nil
	})
}

// withArgs returns a program's name with other arguments.
func withArgs(old, args []string) []string {
	if len(old) == 0 {
		old = []string{""}
	}
	return append(old[:1:1], args...)
}

// lines parts the content of a setting.
func lines(data []byte) []string {
	separator := "\n"
	text := string(data)
	if strings.Contains(text, "\x00") {
		separator = "\x00"
	}
	text = strings.TrimSuffix(text, separator)
	if text == "" {
		return nil
	}
	return strings.Split(text, separator)
}

// openInitramfs lays the files of an archive over the root of the program's files.
func (m *machine) openInitramfs(archive []byte) error {
	hasFiles := false
	if err := entries(archive, isFile, func(*initramfs.Entry) error { hasFiles = true; return nil }); err != nil || !hasFiles {
		return err
	}
	root := m.root()
	if root == nil {
		root = &mount{Mount: abi.Mount{Kind: abi.MountMemory, Guest: rootName}}
		if err := m.openOver(root, nil); err != nil {
			return &mountError{root.Mount, err}
		}
		m.mounts = append(m.mounts, root)
	}
	if root.Kind != abi.MountArchive && root.Kind != abi.MountMemory {
		return errRootKind
	}
	l := layer{files: root.files, nodes: map[uint64]vfs.NodeID{}}
	defer l.release()
	return entries(archive, isFile, l.add)
}

var (
	errRootKind  = errors.New("initramfs: its files belong at /, which is no file system in memory: give them another way")
	errEntryType = errors.New("neither a file nor a directory nor a symbolic link")
)

// layer puts entries into a file system.
type layer struct {
	files vfs.FileSystem
	nodes map[uint64]vfs.NodeID // of files with several names; references
}

func (l *layer) release() {
	for _, node := range l.nodes {
		l.files.Release(node)
	}
}

// add puts one entry in the place of what has its name.
func (l *layer) add(e *initramfs.Entry) error {
	if err := l.makeParents(e.Name); err != nil {
		return err
	}
	place, err := vfs.Resolve(l.files, vfs.Walk{Base: l.files.Root(), Path: []byte(e.Name), Name: true, Rooted: true})
	if err != nil {
		return err
	}
	defer place.Release()
	if place.Exists() && (e.Type != initramfs.Directory || place.Entry.Type != vfs.Directory) {
		if err := l.files.Unlink(place.Directory, place.Name); err != nil {
			return err
		}
	}
	switch e.Type {
	case initramfs.Directory:
		if place.Exists() && place.Entry.Type == vfs.Directory {
			return nil
		}
		return l.files.MakeDirectory(place.Directory, place.Name)
	case initramfs.Symlink:
		return l.files.MakeSymlink(place.Directory, place.Name, e.Data)
	case initramfs.File:
		return l.addFile(&place, e)
	}
	return errEntryType
}

// makeParents makes the directories above a name that are not there.
func (l *layer) makeParents(name string) error {
	for i := range len(name) {
		if name[i] != '/' {
			continue
		}
		place, err := vfs.Resolve(l.files, vfs.Walk{Base: l.files.Root(), Path: []byte(name[:i]), Follow: true, Rooted: true})
		if err != nil {
			return err
		}
		if !place.Exists() {
			err = l.files.MakeDirectory(place.Directory, place.Name)
		}
		place.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// addFile makes a file. One with several names comes once for each of them, with its
// content at one.
func (l *layer) addFile(place *vfs.Place, e *initramfs.Entry) error {
	if node, ok := l.nodes[e.Serial]; ok && e.Links > 1 {
		if err := l.files.MakeLink(node, place.Directory, place.Name); err != nil || len(e.Data) == 0 {
			return err
		}
		h, err := l.files.Open(node, vfs.ModeWrite|vfs.ModeTruncate)
		if err != nil {
			return err
		}
		return l.fill(node, h, e)
	}
	made, h, err := l.files.Create(place.Directory, place.Name, vfs.ModeWrite)
	if err != nil {
		return err
	}
	if e.Links > 1 {
		l.nodes[e.Serial] = made.Node
	} else {
		defer l.files.Release(made.Node)
	}
	return l.fill(made.Node, h, e)
}

// fill writes the content of a file and closes it.
func (l *layer) fill(node vfs.NodeID, h vfs.Handle, e *initramfs.Entry) error {
	for offset := 0; offset < len(e.Data); {
		n, err := l.files.Write(h, [][]byte{e.Data[offset:]}, uint64(offset))
		if err == nil && n == 0 {
			err = vfs.ErrNoSpace
		}
		if err != nil {
			return errors.Join(err, l.files.Close(h))
		}
		offset += n
	}
	if err := l.files.Close(h); err != nil {
		return err
	}
	nanos := uint64(e.Seconds) * uint64(time.Second)
	return l.files.SetAttributes(node, vfs.Change{
		Accessed: vfs.TimeSet, AccessedNanos: nanos, Modified: vfs.TimeSet, ModifiedNanos: nanos,
	})
}

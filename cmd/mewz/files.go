package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"

	"mewz/abi"
	"mewz/vmm"
)

// memoryFlags say what files in memory the program finds. They go into the image.
type memoryFlags struct {
	Root  string     `group:"files" placeholder:"DIR" help:"Directory that becomes the root of the program's files, in the image. What the program changes is in memory, and gone with the machine."`
	Tmpfs mountTexts `group:"files" placeholder:"GUEST[:SIZE]" help:"Empty directory in memory, of at most SIZE; repeatable. /tmp is there without it."`
}

// shareFlags say what files of this computer the program finds. They are for one run.
type shareFlags struct {
	Dir    mountTexts `group:"files" placeholder:"HOST[::GUEST][:ro]" help:"Directory of this computer, live, that the program finds as GUEST (as HOST); ro: it cannot change it; repeatable."`
	Volume mountTexts `group:"files" placeholder:"FILE::GUEST[:ro][:size=SIZE]" help:"Disk image with ext4 on it, or a disk of this computer, that the program finds as GUEST; with a size a new one is made; repeatable."`
	Share  string     `enum:"9p,virtiofs" default:"9p" group:"files" help:"How --dir gets there: 9p, which QEMU has built in, or virtiofs, by the daemon virtiofsd."`
}

// mountText is the value of a flag and its place on the command line: the order of the
// flags is that of the program's descriptors.
type mountText struct {
	text string
	left int // words to the right of it
}

// mountTexts are the values of one flag.
type mountTexts []mountText

// Decode implements kong.MapperValue.
func (t *mountTexts) Decode(ctx *kong.DecodeContext) error {
	var text string
	if err := ctx.Scan.PopValueInto("value", &text); err != nil {
		return err
	}
	*t = append(*t, mountText{text, ctx.Scan.Len()})
	return nil
}

// shareVirtioFS is the value of --share that is not the default.
const shareVirtioFS = "virtiofs"

// plannedMount is a mount of the flags, before the machine gets it.
type plannedMount struct {
	abi.Mount
	flag string // as it was given, for messages
	left int
	host string // what of this computer it is
	size byteSize
	made bool // the file of a volume is made
}

// planMounts parses the flags and looks at what they name, in the order of the command
// line, the root first.
func planMounts(memory memoryFlags, share shareFlags) ([]plannedMount, error) {
	var list []plannedMount
	for _, flag := range []struct {
		name  string
		texts mountTexts
		parse func(text string) (plannedMount, error)
		find  func(*plannedMount) error // looks at what it is on this computer
	}{
		{"--dir", share.Dir, parseDir, (*plannedMount).findDir},
		{"--tmpfs", memory.Tmpfs, parseTmpfs, nil},
		{"--volume", share.Volume, parseVolume, (*plannedMount).findVolume},
	} {
		for _, t := range flag.texts {
			m, err := flag.parse(t.text)
			if err = wrongFlags(err); err == nil && flag.find != nil {
				err = flag.find(&m)
			}
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", flag.name, t.text, err)
			}
			m.flag, m.left = flag.name+" "+t.text, t.left
			list = append(list, m)
		}
	}
	slices.SortStableFunc(list, func(a, b plannedMount) int { return b.left - a.left })
	if memory.Root != "" {
		root := plannedMount{Mount: abi.Mount{Kind: abi.MountArchive, Guest: "/"}, flag: "--root " + memory.Root}
		list = slices.Insert(list, 0, root)
	}
	return list, wrongFlags(checkMounts(list))
}

// checkMounts checks the mounts together.
func checkMounts(list []plannedMount) error {
	if len(list) > abi.MountsMax-1 { // and /tmp
		return fmt.Errorf("%s: %d directories in all: at most %d", list[len(list)-1].flag, len(list), abi.MountsMax-1)
	}
	guests, hosts := map[string]string{}, map[string]string{}
	for _, m := range list {
		if other, ok := guests[m.Guest]; ok {
			return fmt.Errorf("%s: the program finds %s there already, as %s: choose another name", m.flag, other, m.Guest)
		}
		guests[m.Guest] = m.flag
		if m.Kind != abi.MountVolume {
			continue
		}
		if other, ok := hosts[m.host]; ok {
			return fmt.Errorf("%s: %s is the same file: a volume is mounted once", m.flag, other)
		}
		hosts[m.host] = m.flag
	}
	return nil
}

// guestMaxBytes bounds a name of a directory: paths in a program are no longer
// (PATH_MAX).
const guestMaxBytes = 4096

var (
	errGuestEmpty = errors.New("the name for the program is empty: write /data")
	errGuestLong  = fmt.Errorf("the name for the program is longer than %d bytes", guestMaxBytes)
)

// setGuest names a mount.
func (m *plannedMount) setGuest(text string) error {
	switch {
	case text == "":
		return errGuestEmpty
	case len(text) > guestMaxBytes:
		return errGuestLong
	}
	m.Guest = path.Clean(text)
	return nil
}

// parseDir parses a --dir.
func parseDir(text string) (m plannedMount, err error) {
	m.Kind = abi.MountShare
	text, m.ReadOnly = cutAccess(text)
	host, guest, isNamed := strings.Cut(text, "::")
	switch {
	case strings.Contains(guest, "::"):
		return m, errors.New("more than one ::, so it is not clear where the names part: name the directory otherwise, as by a symbolic link")
	case host == "":
		return m, errors.New("no directory of this computer: write --dir data::/data")
	case !isNamed:
		guest = host
	}
	m.host = host
	return m, m.setGuest(guest)
}

// findDir looks at the directory of a share.
func (m *plannedMount) findDir() (err error) {
	host := m.host
	info, err := os.Stat(host)
	switch {
	case errors.Is(err, os.ErrNotExist) && path.Clean(host) == m.Guest && strings.Contains(host, ":"):
		name, _, _ := strings.Cut(host, ":")
		return fmt.Errorf("there is no such directory; if a name for the program is meant: write --dir %s::%s", name, host[len(name)+1:])
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("there is no such directory: mkdir -p %s", quote([]string{host}))
	case err != nil:
		return withoutPath(err)
	case !info.IsDir():
		return fmt.Errorf("%s is a file: give the directory that it is in, or its content on standard input", host)
	}
	if err := unix.Access(host, unix.R_OK|unix.X_OK); err != nil {
		return fmt.Errorf("%w: give it a directory that you may list and enter", err)
	}
	m.host, err = filepath.Abs(host)
	return err
}

// cutAccess takes off the end of a value whether the program may change what is there. Who
// writes the default, as for a container, gets it.
func cutAccess(text string) (rest string, readOnly bool) {
	if rest, ok := strings.CutSuffix(text, ":ro"); ok {
		return rest, true
	}
	return strings.TrimSuffix(text, ":rw"), false
}

// parseTmpfs parses a --tmpfs.
func parseTmpfs(text string) (m plannedMount, err error) {
	m.Kind = abi.MountMemory
	guest, size, hasSize := cutLast(text, ":")
	if hasSize {
		if err := m.size.UnmarshalText([]byte(size)); err != nil {
			return m, fmt.Errorf("%w: write --tmpfs %s:64M", err, guest)
		}
		if m.size == 0 {
			return m, errors.New("a size of 0 holds nothing: leave it out for half of the free memory")
		}
		m.Bytes = uint64(m.size)
	}
	return m, m.setGuest(guest)
}

// cutLast cuts text around the last separator.
func cutLast(text, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}

// volumeMinBytes is the smallest volume that is made: ext4 with a journal takes some of
// it for itself.
const volumeMinBytes = 8 << 20

// parseVolume parses a --volume.
func parseVolume(text string) (m plannedMount, err error) {
	m.Kind = abi.MountVolume
	host, guest, isNamed := strings.Cut(text, "::")
	switch {
	case !isNamed:
		file, name, _ := strings.Cut(host, ":")
		return m, fmt.Errorf("no name for the program behind ::, write --volume %s::%s", file, cmp.Or(name, "/data"))
	case strings.Contains(guest, "::"):
		return m, errors.New("more than one ::, so it is not clear where the names part: name the file otherwise, as by a symbolic link")
	case host == "":
		return m, errors.New("no file of this computer: write --volume disk.img::/data")
	}
	for {
		before, word, found := cutLast(guest, ":")
		size, isSize := strings.CutPrefix(word, "size=")
		switch {
		case found && (word == "ro" || word == "rw"):
			m.ReadOnly = word == "ro"
		case found && isSize:
			if err := m.size.UnmarshalText([]byte(size)); err != nil {
				return m, fmt.Errorf("%w: write size=1G", err)
			}
			if m.size < volumeMinBytes {
				return m, fmt.Errorf("size=%s: at least %s", size, byteSize(volumeMinBytes))
			}
		default:
			m.host = host
			return m, m.setGuest(guest)
		}
		guest = before
	}
}

// findVolume looks at the file of a volume.
func (m *plannedMount) findVolume() (err error) {
	host := m.host
	if m.host, err = filepath.Abs(host); err != nil {
		return err
	}
	info, err := os.Stat(host)
	switch {
	case errors.Is(err, os.ErrNotExist) && m.ReadOnly:
		return errors.New("there is no such file, and a new one that cannot be changed is of no use: leave ro out")
	case errors.Is(err, os.ErrNotExist) && m.size == 0:
		return fmt.Errorf("there is no such file: a new one needs a size: --volume %s::%s:size=1G", host, m.Guest)
	case errors.Is(err, os.ErrNotExist):
		m.made = true
		if _, err := findFormat(); err != nil {
			return err
		}
		return checkParent(m.host)
	case err != nil:
		return withoutPath(err)
	case info.IsDir():
		return fmt.Errorf("%s is a directory: --dir shows it to the program", host)
	case !info.Mode().IsRegular() && info.Mode()&(os.ModeDevice|os.ModeCharDevice) != os.ModeDevice:
		return fmt.Errorf("%s is neither a file nor a disk", host)
	}
	mode := uint32(unix.R_OK | unix.W_OK)
	if m.ReadOnly {
		mode = unix.R_OK
	}
	if err := unix.Access(host, mode); err != nil {
		return fmt.Errorf("%w: the program needs a file that you may change, or ro", err)
	}
	return nil
}

// checkParent says why a file cannot be made.
func checkParent(name string) error {
	dir := filepath.Dir(name)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no directory %s to make it in", dir)
	}
	if err := unix.Access(dir, unix.W_OK); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return nil
}

// tagPrefix begins the tags of devices.
const tagPrefix = "mewz"

// assignTags says how the kernel finds what the mounts are.
func assignTags(list []plannedMount, isProcess bool) {
	n := 0
	for i := range list {
		m := &list[i]
		if m.Kind != abi.MountShare && m.Kind != abi.MountVolume {
			continue
		}
		m.Tag = tagPrefix + strconv.Itoa(n)
		if isProcess {
			m.Tag = strconv.Itoa(abi.DescriptorFiles + n)
		}
		n++
	}
}

// attach gives a machine what the mounts need.
func attach(m *vmm.Machine, list []plannedMount, how string) {
	for _, p := range list {
		switch p.Kind {
		case abi.MountShare:
			m.Shares = append(m.Shares, vmm.Share{Path: p.host, Tag: p.Tag, ReadOnly: p.ReadOnly, VirtioFS: how == shareVirtioFS})
		case abi.MountVolume:
			m.Volumes = append(m.Volumes, vmm.Volume{Path: p.host, Tag: p.Tag, ReadOnly: p.ReadOnly})
		}
	}
}

// mountsOf returns the mounts as the machine gets them.
func mountsOf(list []plannedMount) []abi.Mount {
	mounts := make([]abi.Mount, len(list))
	for i, p := range list {
		mounts[i] = p.Mount
	}
	return mounts
}

// withHosts has what a machine says of its mounts name what they are on this computer, which
// the user gave it, and not the tag that the kernel knows it by.
func withHosts(text string, list []plannedMount) string {
	for _, m := range list {
		if m.Tag != "" {
			text = strings.ReplaceAll(text, fmt.Sprintf("mount %q of %q: ", m.Guest, m.Tag), fmt.Sprintf("mount %q of %q: ", m.Guest, m.host))
		}
	}
	return text
}

// errFilesAbsent is of an image whose program opened no files when it was linked.
var errFilesAbsent = errors.New("the image has no file systems in it, because its program opens no files: " +
	"build it again with --tmpfs /tmp, or give the module instead of the image")

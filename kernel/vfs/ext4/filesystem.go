package ext4

import (
	"errors"
	"strconv"
	"syscall"

	"mewz/kernel/device"
	"mewz/kernel/vfs"
)

// Device is what a volume lies on. Offsets and lengths are multiples of blocks of
// the volume, but for the superblock's 1 KiB.
type Device interface {
	// Bytes returns how large the device is.
	Bytes() uint64
	// ReadOnly reports whether it can be read only.
	ReadOnly() bool
	// Read fills buffers from offset on.
	Read(into [][]byte, offset uint64) error
	// Write writes buffers from offset on; they belong to the caller again when it
	// returns. It is safe after Flush, in any order before that.
	Write(from [][]byte, offset uint64) error
	// Flush waits until everything written is safe. It returns what failed since the
	// last Flush.
	Flush() error
}

// Options are how a volume is used.
type Options struct {
	Now      func() (nanos uint64) // since 1970
	Log      func(line string)     // what is as it should be
	Warn     func(line string)     // what is not
	ReadOnly bool
	// CacheBytes bounds the memory for blocks; 0 is cacheBytes. What waits for a commit is
	// at most as much again.
	CacheBytes int
	// DataBytes bounds the memory for data of files; 0 is a quarter of what is free. Charge is
	// system.Charge, by which it is booked before it is taken; nil: there is always enough.
	DataBytes uint64
	Charge    func(bytes int64) bool
}

// cacheBytes is enough for the metadata of a program at work.
const cacheBytes = 8 << 20

// FileSystem is a volume (vfs.FileSystem).
type FileSystem struct {
	geometry
	device   Device
	now      func() uint64
	log      func(string)
	warn     func(string)
	readOnly bool
	failed   error // of the device

	cache   *cache
	data    *dataCache
	copier  device.Copier
	zones   zones
	super   *buffer
	superAt int // in its block
	inodes  inodeTable
	top     *inode // the root directory
	names   names
	orphans orphans
	handles handles

	op         operation
	running    transaction
	journal    journal
	generation uint32
	path       [extentDepthMax + 1]step
	scratch    []*buffer
	vectors    [][]byte
	filled     []filling
	target     []byte // of the last ReadLink
	lister     lister
}

var _ vfs.FileSystem = (*FileSystem)(nil)

// Open checks a volume, replays its journal if it was not closed, and uses it. Its
// root directory is there as long as it is open.
func Open(disk Device, options Options) (*FileSystem, error) {
	fs := &FileSystem{device: disk, copier: device.NewCopier(), now: options.Now, log: options.Log, warn: options.Warn, readOnly: options.ReadOnly || disk.ReadOnly()}
	prepareSums()
	fs.lister.most = listBatch
	if fs.log == nil {
		fs.log = func(string) {}
	}
	if fs.warn == nil {
		fs.warn = func(string) {}
	}
	if fs.now == nil {
		fs.now = func() uint64 { return 0 }
	}
	if options.CacheBytes == 0 {
		options.CacheBytes = cacheBytes
	}
	if options.Charge == nil {
		options.Charge = func(int64) bool { return true }
	}
	if options.DataBytes == 0 {
		options.DataBytes = vfs.FreeBytes(options.Charge) / dataShare
	}
	if err := fs.open(options); err != nil {
		if fs.data != nil {
			fs.data.close()
		}
		return nil, explain(err)
	}
	return fs, nil
}

func (fs *FileSystem) open(options Options) (err error) {
	if err := fs.load(options.CacheBytes); err != nil {
		return err
	}
	if fs.incompat&incompatRecover != 0 {
		if fs.device.ReadOnly() {
			return refuse("the volume was not closed and its journal has to be replayed, but the device can only be read: run e2fsck on it, or let it be written once")
		}
		if err := fs.replayAndReload(options.CacheBytes); err != nil {
			return err
		}
	}
	if fs.data, err = openData(fs.blockShift, options.DataBytes, options.Charge); err != nil {
		return err
	}
	fs.top, err = fs.inode(rootInode)
	if err == nil && !fs.top.isDirectory() {
		err = vfs.ErrDamaged
	}
	if err != nil {
		return err
	}
	if !fs.readOnly {
		if err := fs.openForWriting(); err != nil {
			return err
		}
	}
	return nil
}

// explain makes an error of Open from one of a call.
func explain(err error) error {
	if _, ok := err.(syscall.Errno); ok {
		return refuse("the volume is damaged or its device fails (" + err.Error() + "): repair it with e2fsck -f")
	}
	return err
}

// load reads superblock, descriptors and the place of the journal.
func (fs *FileSystem) load(cacheLimit int) error {
	if fs.device.Bytes() < superOffset+superBytes {
		return refuse("the volume is empty" + remedy)
	}
	b := make([]byte, superBytes)
	if err := fs.device.Read([][]byte{b}, superOffset); err != nil {
		return errors.Join(refuse("the superblock cannot be read"), err)
	}
	g, readOnly, err := parse(b, fs.device.Bytes())
	if err != nil {
		return err
	}
	fs.geometry = g
	if readOnly != nil && !fs.readOnly {
		fs.warn(readOnly.Error())
		fs.readOnly = true
	}
	fs.cache = newCache(fs.device, fs.blockBytes, cacheLimit)
	fs.inodes.reset()
	fs.superAt = superOffset % fs.blockBytes
	if fs.super, err = fs.cache.get(superOffset>>fs.blockShift, kindSuper); err != nil {
		return err
	}
	fs.super.keep = true
	fs.cache.use(fs.super)
	if err := fs.loadGroups(); err != nil {
		return err
	}
	if fs.compat&compatJournal != 0 && (!fs.readOnly || fs.incompat&incompatRecover != 0) {
		return fs.loadJournal()
	}
	return nil
}

// replayAndReload replays the journal, which may change all that was read before.
func (fs *FileSystem) replayAndReload(cacheLimit int) error {
	if fs.compat&compatJournal == 0 {
		return refuse("the volume wants its journal replayed but has none; repair it with e2fsck -f")
	}
	if err := fs.recover(); err != nil {
		return err
	}
	if err := fs.load(cacheLimit); err != nil {
		return err
	}
	if !fs.readOnly {
		return nil // it is used again at once
	}
	return fs.markRecover(false)
}

// markRecover says in the superblock, in its place, whether the journal is in use.
func (fs *FileSystem) markRecover(inUse bool) error {
	b := fs.super.data[fs.superAt:]
	v := le.Uint32(b[superIncompatible:]) &^ incompatRecover
	if inUse {
		v |= incompatRecover
	}
	le.PutUint32(b[superIncompatible:], v)
	fs.incompat = v
	fs.sealSuper()
	if err := fs.device.Write([][]byte{fs.super.data}, fs.super.block<<fs.blockShift); err != nil {
		return fs.fail(err)
	}
	if err := fs.device.Flush(); err != nil {
		return fs.fail(err)
	}
	return nil
}

// openForWriting starts the journal and finishes what a crash has left.
func (fs *FileSystem) openForWriting() error {
	b := fs.super.data[fs.superAt:]
	seconds := fs.time() / second
	le.PutUint32(b[superMounted:], uint32(seconds))
	b[superMountedHigh] = byte(seconds >> 32)
	le.PutUint16(b[superMounts:], le.Uint16(b[superMounts:])+1)
	fs.generation = crc32(uint32(fs.time()), fs.seed)
	if err := fs.markRecover(true); err != nil {
		return err
	}
	if err := fs.startJournal(); err != nil {
		return err
	}
	return fs.cleanOrphans()
}

// Unmount makes everything safe, and the volume one that needs no journal. Files
// without a name are gone then.
func (fs *FileSystem) Unmount() error {
	if fs.readOnly {
		return nil
	}
	for number := fs.orphans.first; number != 0; {
		after := fs.orphans.links[number].after
		if n, err := fs.inode(number); err == nil {
			_ = fs.finishOrphan(n) // what fails stays in the list
		}
		number = after
	}
	if err := fs.commit(); err != nil {
		return err
	}
	if err := fs.finish(); err != nil {
		return err
	}
	fs.readOnly = true
	return fs.markRecover(false)
}

// Tick is called now and then: it commits what has waited long enough.
func (fs *FileSystem) Tick() error {
	fs.data.limit = min(2*fs.data.limit, fs.data.most) // perhaps there is more memory again
	if fs.readOnly || fs.failed != nil || !fs.overdue(fs.now()) {
		return nil
	}
	return fs.commit()
}

// SyncAll makes everything safe that was changed.
func (fs *FileSystem) SyncAll() error {
	if fs.readOnly {
		return nil
	}
	id := fs.running.id
	if err := fs.commit(); err != nil || fs.running.id != id {
		return err
	}
	return fs.flush() // there was data only
}

func (fs *FileSystem) flush() error {
	if fs.failed != nil {
		return vfs.ErrDamaged
	}
	if err := fs.device.Flush(); err != nil {
		return fs.fail(err)
	}
	return nil
}

// time returns the time, as inodes keep it.
func (fs *FileSystem) time() uint64 { return fs.storable(fs.now()) }

// decimal is a number in a line of the log.
func decimal(v uint64) string { return strconv.FormatUint(v, 10) }

package gc

// Bounds and sizes.
const (
	blockShift      = 16
	blockBytes      = 1 << blockShift
	granuleShift    = 4 // cells begin at multiples of 16 bytes
	classes         = 38
	largestCell     = 32768
	pieceBytes      = 4096                          // cells are cleared by at least so much at a time
	growBlocks      = 16                            // blocks made usable at a time, at least
	growMaxBlocks   = 256                           // and at most
	minimumBudget   = 4 << 20                       // bytes allocated between two collections, at least
	markStackBytes  = 16 << 20                      // of the mark stack
	slice           = 256                           // elements of an array scanned before others
	descriptorBytes = 16                            // of a block
	marksShift      = blockShift - granuleShift - 3 // bytes of marks of a block
)

// cellBytes are the sizes of cells: multiples of 16, four steps between powers of
// two, then what fills a block 7, 6, 5, 4, 3 and 2 times. heapClasses of package
// lower is the same table.
var cellBytes = [classes]uint16{
	16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024,
	1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5120, 6144, 7168, 8192, 9360, 10912, 13104, 16384, 21840, 32768,
}

// An object begins with the address of its type:
//
//	uint64 id; uint32 kind; uint32 bytes; address references; uint64 count; uint64 display[]
const (
	typeKindAt       = 8
	typeBytesAt      = 12 // structure: of the object; array: of an element
	typeReferencesAt = 16 // structure: offsets of the fields to follow, uint32 each
	typeCountAt      = 24 // structure: how many; array: whether elements are to be followed

	kindStruct = 0

	arrayLengthAt   = 8
	arrayElementsAt = 16
)

// A module registers {address next; uint64 linked; address roots; uint64 count}, a
// root is {address; uint64 count of references there, or what else it is}.
const (
	moduleLinkedAt = 8
	moduleRootsAt  = 16
	moduleCountAt  = 24

	rootCountAt = 8
	rootBytes   = 16
	isTable     = ^uint64(0) // the address is that of a table: {address elements; uint64 size, capacity}
	isSpan      = ^uint64(1) // of {address words; uint64 bytes}: looked at as the words of the stack

	tableSizeAt = 8
	spanBytesAt = 8
)

// A block of blockBytes is described by
//
//	uint8 state, class, dirty, unused; uint32 next; uint32 count; uint32 unused
const (
	blockClassAt = 1 // small
	blockDirtyAt = 2 // free: was used
	blockNextAt  = 4 // small: in the list of blocks to sweep; numbers are one more, 0 ends it
	blockCountAt = 8 // large: blocks; continued: distance to the large one

	stateFree      = 0
	stateSmall     = 1
	stateLarge     = 2
	stateContinued = 3
)

// wasm_heap: the environment sets the first three words. Compiled code allocates
// from the bumps, {address next, limit}: cleared cells.
const (
	baseAt     = 0  // of a reserved range, a multiple of blockBytes, above 4 GiB
	bytesAt    = 8  // its length
	stackTopAt = 16 // where the stack ends that code runs on
	modulesAt  = 24
	readyAt    = 32
	bumpsAt    = 64
	bumpBytes  = 16
	classesAt  = bumpsAt + classes*bumpBytes

	limitAt = 8 // of a bump

	tableAt      = classesAt + classes*classBytes // of descriptors
	marksAt      = tableAt + 8                    // one bit for each granule
	markStackAt  = tableAt + 16
	firstAt      = tableAt + 24 // block
	blocksAt     = tableAt + 32 // usable
	possibleAt   = tableAt + 40 // blocks
	tableBytesAt = tableAt + 48 // usable of the table, of the marks and of the mark stack
	marksBytesAt = tableAt + 56
	markBytesAt  = tableAt + 64
	cursorAt     = tableAt + 72  // where to look for a free block
	budgetAt     = tableAt + 80  // bytes to allocate until the next collection, signed
	liveAt       = tableAt + 88  // bytes found by the last one
	depthAt      = tableAt + 96  // of the mark stack, in words
	overflowAt   = tableAt + 104 // something was marked and not put there
	countAt      = tableAt + 112 // collections
	frameAt      = tableAt + 120 // where code ends that the stack is looked through for
)

// The rest of the state of a class: {address runEnd, position, end; uint32 sweep, fresh}.
const (
	runEndAt   = 0  // behind limit, cells up to here are free and not cleared
	positionAt = 8  // behind the run, the rest of the block is not swept yet
	endAt      = 16 // of the block's cells
	sweepAt    = 24 // list of blocks not swept yet
	freshAt    = 28 // the run is memory never used, and clear
	classBytes = 32
)

// none is a block that is not there.
const none = ^uint64(0)

func word(field uint64) uint64 { return load64(heap() + address(field)) }

func setWord(field, value uint64) { store64(heap()+address(field), value) }

func pointer(field uint64) address { return loadAddress(heap() + address(field)) }

func setPointer(field uint64, value address) { storeAddress(heap()+address(field), value) }

func bumpOf(class uint64) address { return heap() + bumpsAt + address(class*bumpBytes) }

func classOf(class uint64) address { return heap() + classesAt + address(class*classBytes) }

// sizeOf is the size of the cells of a class.
func sizeOf(class uint64) uint64 { return uint64(cellBytes[class]) }

func descriptor(block uint64) address { return pointer(tableAt) + address(block*descriptorBytes) }

func blockAt(block uint64) address { return pointer(firstAt) + address(block<<blockShift) }

func align(value uint64) uint64 { return (value + blockBytes - 1) &^ (blockBytes - 1) }

// commit makes bytes of an area usable, whole blocks, of which a field of the heap
// says how many are.
func commit(area address, usableAt, want uint64) bool {
	want = align(want)
	usable := word(usableAt)
	if want <= usable {
		return true
	}
	if commitMemory(uint64(area-pointer(baseAt))+usable, want-usable) != 0 {
		return false
	}
	setWord(usableAt, want)
	return true
}

func prepare() bool {
	bytes := word(bytesAt)
	table := align(bytes >> blockShift * descriptorBytes)
	marks := align(bytes >> (granuleShift + 3))
	if bytes < table+marks+markStackBytes+blockBytes {
		return false
	}
	base := pointer(baseAt)
	stack := base + address(table) + address(marks)
	setPointer(tableAt, base)
	setPointer(marksAt, base+address(table))
	setPointer(markStackAt, stack)
	setPointer(firstAt, stack+markStackBytes)
	setWord(possibleAt, (bytes-table-marks-markStackBytes)>>blockShift)
	setWord(budgetAt, minimumBudget)
	if !commit(stack, markBytesAt, blockBytes) {
		return false
	}
	setWord(readyAt, 1)
	return true
}

// commitBlocks makes blocks usable, with what describes them.
func commitBlocks(total uint64) bool {
	if total > word(possibleAt) {
		return false
	}
	if !commit(pointer(tableAt), tableBytesAt, total*descriptorBytes) || !commit(pointer(marksAt), marksBytesAt, total<<marksShift) {
		return false
	}
	blocks := word(blocksAt)
	if commitMemory(uint64(blockAt(blocks)-pointer(baseAt)), (total-blocks)<<blockShift) != 0 {
		return false
	}
	setWord(blocksAt, total)
	return true
}

// grow makes more blocks usable, as many as wanted or more.
func grow(want uint64) bool {
	step := max(min(max(word(blocksAt)/8, growBlocks), growMaxBlocks), want)
	if commitBlocks(word(blocksAt) + step) {
		return true
	}
	return step != want && commitBlocks(word(blocksAt)+want)
}

// find returns the number of the first of n free blocks in a row, or none.
func find(n uint64) uint64 {
	run, block := uint64(0), uint64(0)
	if n == 1 {
		block = word(cursorAt)
	}
	for ; block < word(blocksAt); block++ {
		run++
		if load8(descriptor(block)) != stateFree {
			run = 0
		}
		if run == n {
			if n == 1 {
				setWord(cursorAt, block+1)
			}
			return block + 1 - n
		}
	}
	return none
}

func marked(p address) bool {
	granule := uint64(p-pointer(firstAt)) >> granuleShift
	return load8(pointer(marksAt)+address(granule>>3))>>(granule&7)&1 != 0
}

func setMark(p address) {
	granule := uint64(p-pointer(firstAt)) >> granuleShift
	at := pointer(marksAt) + address(granule>>3)
	store8(at, load8(at)|uint8(1)<<(granule&7))
}

// push puts an object and the element to go on with on the mark stack.
func push(object address, from uint64) {
	usable, depth := word(markBytesAt), word(depthAt)
	if (depth+2)*8 > usable && (usable >= markStackBytes || !commit(pointer(markStackAt), markBytesAt, usable+blockBytes)) {
		setWord(overflowAt, 1)
		return
	}
	at := pointer(markStackAt) + address(depth*8)
	storeAddress(at, object)
	store64(at+8, from)
	setWord(depthAt, depth+2)
}

// mark marks what a reference leads to, if that is an object.
func mark(reference address) {
	offset := uint64(reference - pointer(firstAt))
	if offset >= word(blocksAt)<<blockShift || offset&(1<<granuleShift-1) != 0 {
		return
	}
	if marked(reference) {
		return
	}
	setMark(reference)
	if load64(loadAddress(reference)+typeCountAt) != 0 {
		push(reference, 0)
	}
}

func markElements(array address, from, end uint64) {
	for ; from < end; from++ {
		mark(loadAddress(array + arrayElementsAt + address(from*8)))
	}
}

func scan(object address, from uint64) {
	t := loadAddress(object)
	if load32(t+typeKindAt) == kindStruct {
		count := load64(t + typeCountAt)
		references := loadAddress(t + typeReferencesAt)
		for k := uint64(0); k < count; k++ {
			mark(loadAddress(object + address(uint64(load32(references+address(k*4))))))
		}
		return
	}
	end, length := from+slice, uint64(load32(object+arrayLengthAt))
	if end < length {
		push(object, end)
	}
	markElements(object, from, min(end, length))
}

func drain() {
	for word(depthAt) != 0 {
		depth := word(depthAt) - 2
		setWord(depthAt, depth)
		at := pointer(markStackAt) + address(depth*8)
		scan(loadAddress(at), load64(at+8))
	}
}

// rescanObject follows what a marked object refers to.
func rescanObject(object address) {
	t := loadAddress(object)
	if load64(t+typeCountAt) == 0 {
		return
	}
	if load32(t+typeKindAt) == kindStruct {
		scan(object, 0)
		drain()
		return
	}
	length := uint64(load32(object + arrayLengthAt))
	for from := uint64(0); from < length; from += slice {
		// By slices, so that none is pushed and lost.
		markElements(object, from, min(from+slice, length))
		drain()
	}
}

// rescan finds what was marked when the mark stack was full.
func rescan() {
	for block := uint64(0); block < word(blocksAt); block++ {
		d := descriptor(block)
		state := load8(d)
		if state != stateSmall && state != stateLarge {
			continue
		}
		size := uint64(blockBytes)
		if state == stateSmall {
			size = sizeOf(uint64(load8(d + blockClassAt)))
		}
		end := blockAt(block) + blockBytes
		for p := blockAt(block); p+address(size) <= end; p += address(size) {
			if marked(p) {
				rescanObject(p)
			}
		}
	}
}

// markWord marks the object that a word points into, if it does.
func markWord(value address) {
	offset := uint64(value - pointer(firstAt))
	if offset >= word(blocksAt)<<blockShift {
		return
	}
	block := offset >> blockShift
	d := descriptor(block)
	p := blockAt(block)
	switch load8(d) {
	case stateSmall:
		size := uint32(cellBytes[load8(d+blockClassAt)])
		index := uint32(offset&(blockBytes-1)) / size
		if (index+1)*size > blockBytes {
			return
		}
		p += address(uint64(index * size))
	case stateLarge:
	case stateContinued:
		p = blockAt(block - uint64(load32(d+blockCountAt)))
	default:
		return
	}
	if loadAddress(p) != 0 {
		mark(p)
	}
}

func markWords(p, end address) {
	for ; p < end; p += 8 {
		markWord(loadAddress(p))
	}
	drain()
}

// markRoot marks what a root of a module leads to.
func markRoot(root address) {
	p, n := loadAddress(root), load64(root+rootCountAt)
	if n == isSpan {
		words := loadAddress(p)
		markWords(words, words+address(load64(p+spanBytesAt)&^7))
		return
	}
	if n == isTable {
		n = load64(p + tableSizeAt)
		p = loadAddress(p)
	}
	for k := uint64(0); k < n; k++ {
		mark(loadAddress(p + address(k*8)))
		if k&(slice-1) == 0 {
			drain()
		}
	}
}

func markRoots() {
	for m := pointer(modulesAt); m != 0; m = loadAddress(m) {
		count := load64(m + moduleCountAt)
		for k := uint64(0); k < count; k++ {
			markRoot(loadAddress(m+moduleRootsAt) + address(k*rootBytes))
		}
	}
}

// clearHeaders clears the headers of all cells from p to end.
func clearHeaders(p, end address, size uint64) {
	for ; p+address(size) <= end; p += address(size) {
		store64(p, 0)
	}
}

// clearUnmarked clears those of the cells that the last collection did not mark.
func clearUnmarked(p, end address, size uint64) {
	for ; p+address(size) <= end; p += address(size) {
		if !marked(p) {
			store64(p, 0)
		}
	}
}

// finishSweep makes the invariant about headers true for all cells.
func finishSweep() {
	for c := uint64(0); c < classes; c++ {
		k, b, size := classOf(c), bumpOf(c), sizeOf(c)
		if load32(k+freshAt) == 0 {
			clearHeaders(loadAddress(b+limitAt), loadAddress(k+runEndAt), size)
		}
		clearUnmarked(loadAddress(k+positionAt), loadAddress(k+endAt), size)
		next := load32(k + sweepAt)
		for next != 0 {
			block := uint64(next) - 1
			clearUnmarked(blockAt(block), blockAt(block)+blockBytes, size)
			next = load32(descriptor(block) + blockNextAt)
		}
		storeAddress(b, 0)
		storeAddress(b+limitAt, 0)
		storeAddress(k+runEndAt, 0)
		storeAddress(k+positionAt, 0)
		storeAddress(k+endAt, 0)
		store32(k+sweepAt, 0)
	}
}

// countMarks returns how many granules of a block are marked.
func countMarks(block uint64) uint64 {
	p := pointer(marksAt) + address(block<<marksShift)
	end := p + 1<<marksShift
	n := uint64(0)
	for ; p < end; p += 8 {
		marks := load64(p)
		if marks != 0 {
			n += onesCount(marks)
		}
	}
	return n
}

func sortSmall(block uint64) {
	d, n := descriptor(block), countMarks(block)
	if n == 0 {
		store8(d, stateFree)
		return
	}
	class := uint64(load8(d + blockClassAt))
	setWord(liveAt, word(liveAt)+n*sizeOf(class))
	k := classOf(class)
	store32(d+blockNextAt, load32(k+sweepAt))
	store32(k+sweepAt, uint32(block)+1)
}

func sortLarge(block uint64) {
	n := uint64(load32(descriptor(block) + blockCountAt))
	if marked(blockAt(block)) {
		setWord(liveAt, word(liveAt)+n<<blockShift)
		return
	}
	for k := uint64(0); k < n; k++ {
		store8(descriptor(block+k), stateFree)
	}
}

// sortBlocks frees blocks without objects and lists the others to be swept.
func sortBlocks() {
	setWord(liveAt, 0)
	for block := word(blocksAt); block != 0; {
		block--
		switch load8(descriptor(block)) {
		case stateSmall:
			sortSmall(block)
		case stateLarge:
			sortLarge(block)
		}
	}
}

//go:noinline
func collect() {
	finishSweep()
	clearBytes(pointer(marksAt), word(blocksAt)<<marksShift)
	setWord(overflowAt, 0)
	markWords(pointer(frameAt), pointer(stackTopAt))
	markRoots()
	drain()
	for word(overflowAt) != 0 {
		setWord(overflowAt, 0)
		rescan()
	}
	sortBlocks()
	setWord(cursorAt, 0)
	setWord(budgetAt, max(word(liveAt), minimumBudget))
	setWord(countAt, word(countAt)+1)
}

// spend takes bytes from what may be allocated until the next collection.
func spend(bytes uint64) { setWord(budgetAt, word(budgetAt)-bytes) }

// take takes n free blocks in a row, after a collection if there are none.
func take(n uint64) uint64 {
	collected := int64(word(budgetAt)) < 0
	if collected {
		collect()
	}
	for {
		block := find(n)
		if block != none {
			return block
		}
		if grow(n) {
			continue
		}
		if collected {
			return none
		}
		collect()
		collected = true
	}
}

// handOut makes the next cells of the run of a class ready.
func handOut(class uint64) address {
	b, k, size := bumpOf(class), classOf(class), sizeOf(class)
	cell := loadAddress(b + limitAt)
	bytes := uint64(loadAddress(k+runEndAt) - cell)
	if bytes > pieceBytes {
		bytes = max(pieceBytes/size*size, size)
	}
	if load32(k+freshAt) == 0 {
		clearBytes(cell, bytes)
	}
	storeAddress(b, cell+address(size))
	storeAddress(b+limitAt, cell+address(bytes))
	return cell
}

// nextRun finds free cells in the block that is being swept.
func nextRun(class uint64) bool {
	k, size := classOf(class), sizeOf(class)
	p, end := loadAddress(k+positionAt), loadAddress(k+endAt)
	for p < end && marked(p) {
		p += address(size)
	}
	if p >= end {
		storeAddress(k+positionAt, p)
		return false
	}
	from := p
	for p < end && !marked(p) {
		p += address(size)
	}
	storeAddress(bumpOf(class)+limitAt, from)
	storeAddress(k+runEndAt, p)
	storeAddress(k+positionAt, p)
	store32(k+freshAt, 0)
	spend(uint64(p - from))
	return true
}

func useBlock(class, block uint64) {
	k, size, p := classOf(class), sizeOf(class), blockAt(block)
	storeAddress(k+positionAt, p)
	storeAddress(k+endAt, p+address(blockBytes/size*size))
}

// useFresh makes all of a free block the run of a class.
func useFresh(class, block uint64) {
	d, k := descriptor(block), classOf(class)
	fresh := uint32(1)
	if load8(d+blockDirtyAt) != 0 {
		fresh = 0
	}
	store8(d, stateSmall)
	store8(d+blockClassAt, uint8(class))
	store8(d+blockDirtyAt, 1)
	useBlock(class, block)
	end := loadAddress(k + endAt)
	storeAddress(bumpOf(class)+limitAt, blockAt(block))
	storeAddress(k+runEndAt, end)
	storeAddress(k+positionAt, end)
	store32(k+freshAt, fresh)
	spend(blockBytes)
}

// refill returns a cell of a class whose ready cells are used up, or 0.
func refill(class uint64) address {
	b, k := bumpOf(class), classOf(class)
	for {
		if loadAddress(b+limitAt) < loadAddress(k+runEndAt) {
			return handOut(class)
		}
		if nextRun(class) {
			continue
		}
		if load32(k+sweepAt) != 0 {
			block := uint64(load32(k+sweepAt)) - 1
			store32(k+sweepAt, load32(descriptor(block)+blockNextAt))
			useBlock(class, block)
			continue
		}
		before := word(countAt)
		block := take(1)
		if block == none {
			return 0
		}
		if word(countAt) != before && load32(k+sweepAt) != 0 {
			setWord(cursorAt, block) // it stays free, and must be found again
			continue
		}
		useFresh(class, block)
	}
}

// large makes an object of blocks of its own.
func large(t address, bytes uint64) address {
	n := (bytes + blockBytes - 1) >> blockShift
	if n > word(possibleAt) {
		return 0
	}
	block := take(n)
	if block == none {
		return 0
	}
	state, count := uint8(stateLarge), n
	for k := uint64(0); k < n; k++ {
		d := descriptor(block + k)
		if load8(d+blockDirtyAt) != 0 {
			clearBytes(blockAt(block+k), blockBytes)
		}
		store8(d, state)
		store8(d+blockDirtyAt, 1)
		store32(d+blockCountAt, uint32(count))
		state, count = stateContinued, k+1
	}
	spend(n << blockShift)
	storeAddress(blockAt(block), t)
	return blockAt(block)
}

// stackBytes is what a collection may need of the stack, by far.
const stackBytes = 8192

// probe touches the stack as far as that, so that running out of it happens while
// the heap is whole. Nothing is written: what lies there is not ours.
//
//go:noinline
func probe() {
	touch(frameAddress() - stackBytes/2)
	touch(frameAddress() - stackBytes)
}

// savedRegisters is how many saveRegisters saves.
const savedRegisters = 6

// begin begins a function that may collect, and says whether there is a heap. The
// registers that calls keep lie below the frame address from here on, so neither
// they nor anything above can be missed; what the collector has on the stack
// itself, left from the last time perhaps, is not looked at.
func begin(frame address) bool {
	setPointer(frameAt, frame-savedRegisters*8)
	probe()
	return likely(word(readyAt) != 0) || prepare()
}

func classFor(bytes uint64) uint64 {
	if bytes <= 128 {
		return (bytes+15)/16 - 1
	}
	if bytes <= 8192 {
		last := bytes - 1
		exponent := 63 - leadingZeros(last)
		return 8 + (exponent-7)*4 + last>>((exponent-2)&63)&3
	}
	c := uint64(32)
	for sizeOf(c) < bytes {
		c++
	}
	return c
}

// New makes a structure of a class whose ready cells are used up. It is clear but
// for its header. 0: there is no room.
//
//go:noinline
//heap:symbol gc_new
func New(t address, class uint64) address {
	saveRegisters()
	if !begin(frameAddress()) {
		return 0
	}
	object := refill(class)
	if object != 0 {
		storeAddress(object, t)
	}
	return object
}

//go:noinline
func newLarge(t address, bytes uint64) address {
	saveRegisters()
	if !begin(frameAddress()) {
		return 0
	}
	return large(t, bytes)
}

// NewLarge makes a structure that is too large for a cell.
//
//heap:symbol gc_new_large
func NewLarge(t address) address { return newLarge(t, uint64(load32(t+typeBytesAt))) }

// newInCell makes an object of at most largestCell bytes.
func newInCell(t address, bytes uint64) address {
	class := classFor(bytes)
	size := sizeOf(class)
	b := bumpOf(class)
	object := loadAddress(b)
	if likely(object+address(size) <= loadAddress(b+limitAt)) {
		storeAddress(b, object+address(size))
		storeAddress(object, t)
		return object
	}
	return New(t, class)
}

// NewArray makes an array whose elements are zero.
//
//heap:symbol gc_new_array
func NewArray(t address, length uint32) address {
	bytes := arrayElementsAt + uint64(length)*uint64(load32(t+typeBytesAt))
	array := address(0)
	if likely(bytes <= largestCell) {
		array = newInCell(t, bytes)
	} else {
		array = newLarge(t, bytes)
	}
	if likely(array != 0) {
		store32(array+arrayLengthAt, length)
	}
	return array
}

// Register makes the roots of a module known.
//
//heap:symbol gc_register
func Register(module address) {
	if load64(module+moduleLinkedAt) != 0 {
		return
	}
	store64(module+moduleLinkedAt, 1)
	storeAddress(module, pointer(modulesAt))
	setPointer(modulesAt, module)
}

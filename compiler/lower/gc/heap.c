// The heap of objects of the GC proposal: allocator and collector. It is part of
// every object that makes structures or arrays; heap.ll is what clang makes of it
// (TestHeapIR), with symbols that lower gives the module's prefix.
//
// Collector: mark and sweep, nothing moves. Cells of one size lie in blocks of
// 64 KiB; larger objects take blocks of their own. Roots are the stack and the
// registers, looked at word by word (whatever looks like a pointer into an object
// keeps it), and exactly the globals, tables and element segments of all modules
// that share the heap. Marking uses a stack of bounded size; what does not fit is
// found again by walking the heap. Sweeping is lazy: a block is looked at when
// cells of its size are needed.
//
// An invariant that the conservative part needs: a word at the beginning of a
// cell is the address of a type if and only if an object is there. Everything
// that is handed out was cleared, and no collection begins before the headers
// of all dead cells are.
//
// docs/abi.md: wasm_heap, wasm_heap_commit; layout of objects and types.

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;
typedef int i32;

void *memset(void *to, int byte, u64 bytes);

enum {
	BLOCK_SHIFT = 16,
	BLOCK = 1 << BLOCK_SHIFT,
	GRANULE_SHIFT = 4, // cells begin at multiples of 16 bytes
	CLASSES = 38,
	LARGEST_CELL = 32768,
	PIECE = 4096,            // cells are cleared by at least so much at a time
	GROW_BLOCKS = 16,        // blocks made usable at a time, at least
	GROW_MAX_BLOCKS = 256,   // and at most
	MINIMUM_BUDGET = 4 << 20, // bytes allocated between two collections, at least
	MARK_BYTES = 16 << 20,   // of the mark stack
	SLICE = 256,             // elements of an array scanned before others
	DESCRIPTOR_BYTES = 16,   // of struct block
};

// Sizes of cells: multiples of 16, four steps between powers of two, then what
// fills a block 7, 6, 5, 4, 3 and 2 times. gc.go has the same table.
static const unsigned short sizes[CLASSES] = {
	16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024,
	1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5120, 6144, 7168, 8192, 9360, 10912, 13104, 16384, 21840, 32768,
};

enum kind { STRUCT = 0, ARRAY = 1 };

// type is what the header of an object points to.
struct type {
	u64 id;
	u32 kind;
	u32 bytes;             // structure: of the object; array: of an element
	const u32 *references; // structure: offsets of the fields to follow
	u64 count;             // structure: how many; array: whether elements are to be followed
	u64 display[];
};

struct object {
	const struct type *type;
};

struct array {
	const struct type *type;
	u32 length;
	u32 unused;
	u64 elements[];
};

// module is what a module registers: its roots.
struct root {
	u64 *address;
	u64 count; // references there; TABLE: it is a table; SPAN: a span
};

#define TABLE (~0ul)
#define SPAN (~1ul)

// span is words that may be references: they are looked at as those of the stack.
struct span {
	u64 *words;
	u64 bytes;
};

struct table {
	u64 *elements;
	u64 size, capacity;
};

struct module {
	struct module *next;
	u64 linked;
	const struct root *roots;
	u64 count;
};

// bump is where the next cell of a size comes from.
struct bump {
	u8 *next, *limit; // cleared cells
};

enum state { FREE = 0, SMALL, LARGE, CONTINUED };

// block describes BLOCK bytes.
struct block {
	u8 state;
	u8 class;  // SMALL
	u8 dirty;  // FREE: was used
	u8 unused;
	u32 next;  // SMALL: in the list of blocks to sweep; numbers are one more, 0 ends it
	u32 count; // LARGE: blocks; CONTINUED: distance to the LARGE one
	u32 unused2;
};

// class is the rest of the state of one size.
struct class {
	u8 *run_end;  // behind limit, cells up to here are free and not cleared
	u8 *position; // behind the run, the rest of the block is not swept yet
	u8 *end;      // of the block's cells
	u32 sweep;    // list of blocks not swept yet
	u32 fresh;    // the run is memory never used, and clear
};

// wasm_heap: the environment sets the first three words.
struct heap {
	u8 *base;       // of a reserved range, a multiple of BLOCK, above 4 GiB
	u64 bytes;      // its length
	u64 *stack_top; // where the stack ends that code runs on
	struct module *modules;
	u64 ready;
	u64 reserved[3];
	struct bump bumps[CLASSES]; // at offset 64: compiled code allocates from these
	struct class classes[CLASSES];

	struct block *table;
	u8 *marks; // one bit for each granule
	u64 *mark_stack;
	u8 *first; // block
	u64 blocks, limit; // usable, and possible
	u64 table_bytes, marks_bytes, mark_bytes; // usable of each
	u64 cursor;  // where to look for a free block
	long budget; // bytes to allocate until the next collection
	u64 live;    // bytes found by the last one
	u64 depth;   // of the mark stack, in words
	u64 overflow; // something was marked and not put there
	u64 collections;
	const u64 *frame; // where code ends that the stack is looked through for
};

extern struct heap wasm_heap;
i32 wasm_heap_commit(u64 offset, u64 bytes);

#define H (&wasm_heap)
#define NOINLINE __attribute__((noinline))
#define LIKELY(x) __builtin_expect(!!(x), 1)

static u64 align(u64 value, u64 to) { return (value + to - 1) & ~(to - 1); }

// commit makes `bytes` from `*usable` on of an area usable; it goes by whole blocks.
static int commit(u8 *area, u64 *usable, u64 want) {
	want = align(want, BLOCK);
	if (want <= *usable) return 1;
	if (wasm_heap_commit((u64)(area - H->base) + *usable, want - *usable) != 0) return 0;
	*usable = want;
	return 1;
}

static int prepare(void) {
	u64 blocks = H->bytes >> BLOCK_SHIFT;
	u64 table = align(blocks * DESCRIPTOR_BYTES, BLOCK), marks = align(H->bytes >> (GRANULE_SHIFT + 3), BLOCK);
	if (H->bytes < table + marks + MARK_BYTES + BLOCK) return 0;
	H->table = (struct block *)H->base;
	H->marks = H->base + table;
	H->mark_stack = (u64 *)(H->marks + marks);
	H->first = (u8 *)H->mark_stack + MARK_BYTES;
	H->limit = (H->bytes - (u64)(H->first - H->base)) >> BLOCK_SHIFT;
	H->budget = MINIMUM_BUDGET;
	if (!commit((u8 *)H->mark_stack, &H->mark_bytes, BLOCK)) return 0;
	H->ready = 1;
	return 1;
}

// grow makes more blocks usable, `want` of them or more.
static int grow(u64 want) {
	u64 step = H->blocks / 8;
	if (step < GROW_BLOCKS) step = GROW_BLOCKS;
	if (step > GROW_MAX_BLOCKS) step = GROW_MAX_BLOCKS;
	if (step < want) step = want;
	for (;;) {
		u64 total = H->blocks + step, usable = H->blocks << BLOCK_SHIFT;
		if (total <= H->limit && commit((u8 *)H->table, &H->table_bytes, total * DESCRIPTOR_BYTES) &&
			commit(H->marks, &H->marks_bytes, total << (BLOCK_SHIFT - GRANULE_SHIFT - 3)) &&
			commit(H->first, &usable, total << BLOCK_SHIFT)) {
			H->blocks = total;
			return 1;
		}
		if (step == want) return 0;
		step = want;
	}
}

static u8 *address(u64 number) { return H->first + (number << BLOCK_SHIFT); }

// find returns the number of the first of n free blocks in a row, or -1.
static long find(u64 n) {
	u64 run = 0;
	for (u64 i = n == 1 ? H->cursor : 0; i < H->blocks; i++) {
		run = H->table[i].state == FREE ? run + 1 : 0;
		if (run == n) {
			if (n == 1) H->cursor = i + 1;
			return (long)(i + 1 - n);
		}
	}
	return -1;
}

static int marked(const u8 *p) {
	u64 granule = (u64)(p - H->first) >> GRANULE_SHIFT;
	return H->marks[granule >> 3] >> (granule & 7) & 1;
}

static void set_mark(const u8 *p) {
	u64 granule = (u64)(p - H->first) >> GRANULE_SHIFT;
	H->marks[granule >> 3] |= 1 << (granule & 7);
}

// mark_stack: pairs of an object and the element to go on with.

static void push(const struct object *o, u64 from) {
	if ((H->depth + 2) * sizeof(u64) > H->mark_bytes &&
		(H->mark_bytes >= MARK_BYTES || !commit((u8 *)H->mark_stack, &H->mark_bytes, H->mark_bytes + BLOCK))) {
		H->overflow = 1;
		return;
	}
	H->mark_stack[H->depth++] = (u64)o;
	H->mark_stack[H->depth++] = from;
}

// mark marks what a reference leads to, if that is an object.
static void mark(u64 reference) {
	u64 offset = reference - (u64)H->first;
	if (offset >= H->blocks << BLOCK_SHIFT || (offset & ((1 << GRANULE_SHIFT) - 1)) != 0) return;
	const struct object *o = (const struct object *)reference;
	if (marked((const u8 *)o)) return;
	set_mark((const u8 *)o);
	if (o->type->count != 0) push(o, 0);
}

static void scan(const struct object *o, u64 from) {
	const struct type *t = o->type;
	if (t->kind == STRUCT) {
		for (u64 k = 0; k < t->count; k++) mark(*(const u64 *)((const u8 *)o + t->references[k]));
		return;
	}
	const struct array *a = (const struct array *)o;
	u64 end = from + SLICE;
	if (end < a->length)
		push(o, end);
	else
		end = a->length;
	for (; from < end; from++) mark(a->elements[from]);
}

static void drain(void) {
	while (H->depth != 0) {
		u64 from = H->mark_stack[--H->depth];
		scan((const struct object *)H->mark_stack[--H->depth], from);
	}
}

// rescan finds what was marked when the mark stack was full.
static void rescan(void) {
	for (u64 i = 0; i < H->blocks; i++) {
		const struct block *b = &H->table[i];
		if (b->state != SMALL && b->state != LARGE) continue;
		u64 size = b->state == LARGE ? BLOCK : sizes[b->class];
		for (u8 *p = address(i), *end = p + BLOCK; p + size <= end; p += size) {
			const struct object *o = (const struct object *)p;
			if (!marked(p) || o->type->count == 0) continue;
			if (o->type->kind == STRUCT) {
				scan(o, 0);
				drain();
				continue;
			}
			for (u64 from = 0; from < ((const struct array *)o)->length; from += SLICE) {
				// By slices, so that none is pushed and lost.
				const struct array *a = (const struct array *)o;
				u64 stop = from + SLICE < a->length ? from + SLICE : a->length;
				for (u64 k = from; k < stop; k++) mark(a->elements[k]);
				drain();
			}
		}
	}
}

// mark_word marks the object that a word points into, if it does.
static void mark_word(u64 word) {
	u64 offset = word - (u64)H->first;
	if (offset >= H->blocks << BLOCK_SHIFT) return;
	u64 number = offset >> BLOCK_SHIFT;
	const struct block *b = &H->table[number];
	u8 *p;
	switch (b->state) {
	case SMALL: {
		u32 size = sizes[b->class], index = (u32)(offset & (BLOCK - 1)) / size;
		if ((index + 1) * size > BLOCK) return;
		p = address(number) + index * size;
		break;
	}
	case LARGE: p = address(number); break;
	case CONTINUED: p = address(number - b->count); break;
	default: return;
	}
	if (((struct object *)p)->type != 0) mark((u64)p);
}

static void mark_words(const u64 *p, const u64 *end) {
	for (; p < end; p++) mark_word(*p);
	drain();
}

static void mark_roots(void) {
	for (const struct module *m = H->modules; m; m = m->next)
		for (u64 i = 0; i < m->count; i++) {
			u64 *p = m->roots[i].address, n = m->roots[i].count;
			if (n == TABLE) {
				const struct table *t = (const struct table *)p;
				p = t->elements, n = t->size;
			} else if (n == SPAN) {
				const struct span *s = (const struct span *)p;
				mark_words(s->words, s->words + s->bytes / sizeof(u64));
				continue;
			}
			for (u64 k = 0; k < n; k++) {
				mark(p[k]);
				if ((k & (SLICE - 1)) == 0) drain();
			}
		}
}

// clear_headers clears the headers of cells from p to end that hold no object:
// all, or those that the last collection did not mark.
static void clear_headers(u8 *p, u8 *end, u64 size, int all) {
	for (; p + size <= end; p += size)
		if (all || !marked(p)) ((struct object *)p)->type = 0;
}

// finish_sweep makes the invariant about headers true for all cells.
static void finish_sweep(void) {
	for (u64 c = 0; c < CLASSES; c++) {
		struct class *k = &H->classes[c];
		struct bump *b = &H->bumps[c];
		u64 size = sizes[c];
		if (!k->fresh) clear_headers(b->limit, k->run_end, size, 1);
		clear_headers(k->position, k->end, size, 0);
		for (u32 i = k->sweep; i != 0; i = H->table[i - 1].next) {
			u8 *p = address(i - 1);
			clear_headers(p, p + BLOCK, size, 0);
		}
		b->next = b->limit = k->run_end = k->position = k->end = 0;
		k->sweep = 0;
	}
}

// count_marks returns how many granules of a block are marked.
static u64 count_marks(u64 number) {
	const u64 *p = (const u64 *)(H->marks + (number << (BLOCK_SHIFT - GRANULE_SHIFT - 3)));
	u64 n = 0;
	for (u64 k = 0; k < BLOCK >> (GRANULE_SHIFT + 6); k++)
		if (p[k]) n += __builtin_popcountl(p[k]);
	return n;
}

// sort_blocks frees blocks without objects and lists the others to be swept.
static void sort_blocks(void) {
	H->live = 0;
	for (u64 i = H->blocks; i-- > 0;) {
		struct block *b = &H->table[i];
		if (b->state == SMALL) {
			u64 n = count_marks(i);
			H->live += n * sizes[b->class];
			if (n == 0) {
				b->state = FREE;
			} else {
				b->next = H->classes[b->class].sweep;
				H->classes[b->class].sweep = (u32)i + 1;
			}
		} else if (b->state == LARGE) {
			if (marked(address(i))) {
				H->live += (u64)b->count << BLOCK_SHIFT;
				continue;
			}
			for (u64 n = b->count, k = 0; k < n; k++) H->table[i + k].state = FREE;
		}
	}
}

static NOINLINE void collect(void) {
	finish_sweep();
	memset(H->marks, 0, H->blocks << (BLOCK_SHIFT - GRANULE_SHIFT - 3));
	H->overflow = 0;
	mark_words(H->frame, H->stack_top);
	mark_roots();
	drain();
	while (H->overflow) {
		H->overflow = 0;
		rescan();
	}
	sort_blocks();
	H->cursor = 0;
	H->budget = (long)(H->live > MINIMUM_BUDGET ? H->live : MINIMUM_BUDGET);
	H->collections++;
}

// take takes n free blocks in a row, after a collection if there are none.
static long take(u64 n) {
	int collected = 0;
	if (H->budget < 0) {
		collect();
		collected = 1;
	}
	for (;;) {
		long i = find(n);
		if (i >= 0) return i;
		if (grow(n)) continue;
		if (collected) return -1;
		collect();
		collected = 1;
	}
}

// hand_out makes the next cells of the run of a class ready.
static u8 *hand_out(u64 c) {
	struct bump *b = &H->bumps[c];
	struct class *k = &H->classes[c];
	u64 size = sizes[c], bytes = (u64)(k->run_end - b->limit);
	if (bytes > PIECE) {
		u64 piece = PIECE / size * size;
		bytes = piece != 0 ? piece : size;
	}
	if (!k->fresh) memset(b->limit, 0, bytes);
	u8 *cell = b->limit;
	b->next = cell + size, b->limit = cell + bytes;
	return cell;
}

// next_run finds free cells in the block that is being swept.
static int next_run(u64 c) {
	struct bump *b = &H->bumps[c];
	struct class *k = &H->classes[c];
	u64 size = sizes[c];
	u8 *p = k->position;
	while (p < k->end && marked(p)) p += size;
	if (p >= k->end) {
		k->position = p;
		return 0;
	}
	b->limit = p;
	while (p < k->end && !marked(p)) p += size;
	k->run_end = k->position = p;
	k->fresh = 0;
	H->budget -= p - b->limit;
	return 1;
}

static void use_block(u64 c, u64 i) {
	struct class *k = &H->classes[c];
	k->position = address(i);
	k->end = k->position + BLOCK / sizes[c] * sizes[c];
}

// refill returns a cell of a class whose ready cells are used up, or 0.
static u8 *refill(u64 c) {
	struct bump *b = &H->bumps[c];
	struct class *k = &H->classes[c];
	for (;;) {
		if (b->limit < k->run_end) return hand_out(c);
		if (next_run(c)) continue;
		if (k->sweep != 0) {
			u32 i = k->sweep - 1;
			k->sweep = H->table[i].next;
			use_block(c, i);
			continue;
		}
		u64 before = H->collections;
		long i = take(1);
		if (i < 0) return 0;
		if (H->collections != before && k->sweep != 0) continue; // the block stays free
		struct block *block = &H->table[i];
		u8 dirty = block->dirty;
		block->state = SMALL, block->class = (u8)c, block->dirty = 1;
		use_block(c, (u64)i);
		b->limit = k->position;
		k->run_end = k->position = k->end;
		k->fresh = !dirty;
		H->budget -= BLOCK;
	}
}

// large makes an object of blocks of its own.
static struct object *large(const struct type *t, u64 bytes) {
	u64 n = (bytes + BLOCK - 1) >> BLOCK_SHIFT;
	if (n > H->limit) return 0;
	long i = take(n);
	if (i < 0) return 0;
	for (u64 k = 0; k < n; k++) {
		struct block *b = &H->table[(u64)i + k];
		if (b->dirty) memset(address((u64)i + k), 0, BLOCK);
		b->state = k == 0 ? LARGE : CONTINUED;
		b->dirty = 1;
		b->count = (u32)(k == 0 ? n : k);
	}
	H->budget -= (long)(n << BLOCK_SHIFT);
	struct object *o = (struct object *)address((u64)i);
	o->type = t;
	return o;
}

// STACK is what a collection may need of the stack, by far.
enum { STACK = 8192 };

// probe touches the stack as far as that, so that running out of it happens while
// the heap is whole. Nothing is written: what lies there is not ours.
static NOINLINE void probe(void) {
	const volatile u8 *here = __builtin_frame_address(0);
	(void)here[-STACK / 2];
	(void)here[-STACK];
}

// BEGIN begins a function that may collect, and says whether there is a heap. The
// registers that calls keep lie below the frame address from here on, so neither
// they nor anything above can be missed; what the collector has on the stack
// itself, left from the last time perhaps, is not looked at.
enum { SAVED_REGISTERS = 6 };
#define BEGIN() \
	(__builtin_unwind_init(), H->frame = (const u64 *)__builtin_frame_address(0) - SAVED_REGISTERS, probe(), LIKELY(H->ready) || prepare())

static u64 class_of(u64 bytes) {
	if (bytes <= 128) return (bytes + 15) / 16 - 1;
	if (bytes <= 8192) {
		u64 last = bytes - 1, exponent = 63 - __builtin_clzl(last);
		return 8 + (exponent - 7) * 4 + (last >> (exponent - 2) & 3);
	}
	u64 c = 32;
	while (sizes[c] < bytes) c++;
	return c;
}

// gc_new makes a structure of a class whose ready cells are used up. It is clear
// but for its header. 0: there is no room.
NOINLINE struct object *gc_new(const struct type *t, u64 c) {
	if (!BEGIN()) return 0;
	struct object *o = (struct object *)refill(c);
	if (o) o->type = t;
	return o;
}

static NOINLINE struct object *new_large(const struct type *t, u64 bytes) {
	return BEGIN() ? large(t, bytes) : 0;
}

// gc_new_large makes a structure that is too large for a cell.
struct object *gc_new_large(const struct type *t) { return new_large(t, t->bytes); }

// gc_new_array makes an array whose elements are zero.
struct array *gc_new_array(const struct type *t, u32 length) {
	u64 bytes = sizeof(struct array) + (u64)length * t->bytes;
	struct array *a;
	if (LIKELY(bytes <= LARGEST_CELL)) {
		u64 c = class_of(bytes);
		struct bump *b = &H->bumps[c];
		if (LIKELY(b->next + sizes[c] <= b->limit)) {
			a = (struct array *)b->next;
			b->next += sizes[c];
			a->type = t;
		} else {
			a = (struct array *)gc_new(t, c);
		}
	} else {
		a = (struct array *)new_large(t, bytes);
	}
	if (LIKELY(a)) a->length = length;
	return a;
}

// gc_register makes the roots of a module known.
void gc_register(struct module *m) {
	if (m->linked) return;
	m->linked = 1;
	m->next = H->modules;
	H->modules = m;
}

// gc_fill_N sets elements of N bytes.
#define FILL(n, type) \
	void gc_fill_##n(type *to, u64 count, type value) { \
		for (u64 k = 0; k < count; k++) to[k] = value; \
	}
typedef u8 vector __attribute__((vector_size(16)));
typedef u8 unaligned __attribute__((vector_size(16), aligned(8)));
FILL(1, u8)
FILL(2, unsigned short)
FILL(4, u32)
FILL(8, u64)
void gc_fill_16(unaligned *to, u64 count, vector value) {
	for (u64 k = 0; k < count; k++) to[k] = value;
}

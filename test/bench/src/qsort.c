// qsort sorts integers twice: by a recursive quicksort with direct comparisons
// and by a heapsort that compares through a function pointer.

#include "bench.h"

enum { QUICK_COUNT = 1500000, HEAP_COUNT = 300000, SAMPLE = 1000 };

static int32_t values[QUICK_COUNT];

static void swap(int32_t *x, int32_t *y) {
	int32_t t = *x;
	*x = *y;
	*y = t;
}

static void quicksort(int32_t *a, int low, int high) {
	while (low < high) {
		int32_t pivot = a[(low + high) >> 1];
		int i = low, j = high;
		while (i <= j) {
			while (a[i] < pivot) {
				i++;
			}
			while (a[j] > pivot) {
				j--;
			}
			if (i <= j) {
				swap(&a[i++], &a[j--]);
			}
		}
		if (j - low < high - i) { // recurse into the smaller part
			quicksort(a, low, j);
			low = i;
		} else {
			quicksort(a, i, high);
			high = j;
		}
	}
}

typedef int (*comparison)(const void *, const void *);

static int compare(const void *x, const void *y) {
	int32_t a = *(const int32_t *)x, b = *(const int32_t *)y;
	return a < b ? -1 : a > b;
}

static void sift(int32_t *a, int root, int count, comparison cmp) {
	for (;;) {
		int child = 2 * root + 1;
		if (child >= count) {
			return;
		}
		if (child + 1 < count && cmp(a + child, a + child + 1) < 0) {
			child++;
		}
		if (cmp(a + root, a + child) >= 0) {
			return;
		}
		swap(a + root, a + child);
		root = child;
	}
}

// heapsort_by takes its comparison through a volatile pointer, so that the calls
// stay indirect.
__attribute__((noinline)) static void heapsort_by(int32_t *a, int count, comparison volatile pointer) {
	comparison cmp = pointer;
	for (int i = count / 2 - 1; i >= 0; i--) {
		sift(a, i, count, cmp);
	}
	for (int end = count - 1; end > 0; end--) {
		swap(a, a + end);
		sift(a, 0, end, cmp);
	}
}

static uint32_t fill(uint32_t x, int count) {
	for (int i = 0; i < count; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		values[i] = (int32_t)x;
	}
	return x;
}

static uint64_t sample(uint64_t hash, int count) {
	for (int i = 0; i < count; i += SAMPLE) {
		hash = hash * 31 + (uint32_t)values[i];
	}
	return hash;
}

static uint64_t work(void) {
	uint32_t x = fill(12345, QUICK_COUNT);
	quicksort(values, 0, QUICK_COUNT - 1);
	uint64_t hash = sample(0, QUICK_COUNT);
	fill(x, HEAP_COUNT);
	heapsort_by(values, HEAP_COUNT, compare);
	return sample(hash, HEAP_COUNT);
}

// backtrace divides by zero: in a method of a class template, or with an
// argument inlined into main. Freestanding, since Debian has no C++ library for
// WebAssembly.

namespace shop {

template <class T> struct Cart {
	T count;
	__attribute__((noinline)) T share(volatile T *total) const {
		return *total / count; // @share
	}
};

} // namespace shop

static inline int outer(const shop::Cart<int> &cart) {
	volatile int total = 10;
	return cart.share(&total) + 1; // @outer
}

static inline int modulo(volatile int *a, volatile int *b) {
	return *a % *b; // @modulo
}

int main(int argc, char **) {
	volatile int seven = 7, zero = 0;
	if (argc > 1) {
		return modulo(&seven, &zero); // @main-modulo
	}
	shop::Cart<int> cart = {zero};
	return outer(cart); // @main-outer
}

// More code, for a second line table.
unsigned one(unsigned a) {
	return a +
		1;
}
unsigned two(unsigned a) {
	for (unsigned i = 0; i < a; i++)
		a = a * 3 + one(i);
	return a;
}

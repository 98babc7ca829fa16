// exceptions throws in every way that C++ has and prints what is caught, where,
// and in which order destructors run; then it measures itself against errors:
// exceptions ROUNDS. With the argument "uncaught" it ends by std::terminate.
//
// Texts of the library's own exceptions are not printed: libraries differ.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <variant>
#include <vector>

namespace {

struct Trace {
	std::string name;
	explicit Trace(std::string n) : name(std::move(n)) { std::cout << "  +" << name << '\n'; }
	~Trace() { std::cout << "  -" << name << (std::uncaught_exceptions() ? " while unwinding" : "") << '\n'; }
};

// A hierarchy with a virtual base: catching adjusts pointers.
struct Base {
	virtual ~Base() = default;
	virtual const char *name() const { return "Base"; }
	long padding = 1;
};
struct Left : virtual Base {
	const char *name() const override { return "Left"; }
	long left = 2;
};
struct Right : virtual Base {
	const char *name() const override { return "Right"; }
	long right = 3;
};
struct Both : Left, Right {
	const char *name() const override { return "Both"; }
};

void throw_kind(int kind) {
	switch (kind) {
	case 0: throw 42;
	case 1: throw "a string";
	case 2: throw std::string("an object");
	case 3: throw Both{};
	case 4: throw static_cast<Right *>(nullptr);
	case 5: throw std::out_of_range("range");
	case 6: throw 2.5;
	case 7: throw std::make_unique<int>(7);
	case 8: throw nullptr;
	case 9: throw std::uint64_t{1} << 40;
	}
}

void catch_kind(int kind) {
	try {
		Trace outer("outer");
		try {
			Trace inner("inner");
			throw_kind(kind);
			std::cout << "nothing thrown\n";
		} catch (const int &i) {
			std::cout << "int " << i << '\n';
		} catch (const char *text) {
			std::cout << "text " << (text ? text : "null") << '\n';
		} catch (const Base &base) {
			std::cout << "Base& that is " << base.name() << ' ' << base.padding << '\n';
		} catch (Right *right) {
			std::cout << "Right* " << (right == nullptr) << '\n';
		} catch (const std::logic_error &e) {
			std::cout << "logic_error " << e.what() << ", thrown again\n";
			throw;
		} catch (const std::unique_ptr<int> &p) {
			std::cout << "unique_ptr " << *p << '\n';
		}
	} catch (const std::exception &e) {
		std::cout << "exception " << e.what() << ' ' << typeid(e).name() << '\n';
	} catch (const std::string &s) {
		std::cout << "string " << s << '\n';
	} catch (...) {
		std::cout << "something else\n";
	}
}

// Construction that fails half way destroys what was made.
struct Parts {
	Trace first{"first"};
	Trace second;
	explicit Parts(bool fail) try : second(fail ? throw std::runtime_error("no second") : "second") {
	} catch (const std::runtime_error &e) {
		std::cout << "constructor: " << e.what() << '\n';
		throw std::logic_error("no parts");
	}
};

int in_function_try(int n) try {
	if (n > 2) {
		throw n;
	}
	return n;
} catch (int caught) {
	return -caught;
}

void descend(int depth) {
	try {
		if (depth == 0) {
			throw std::runtime_error("bottom");
		}
		descend(depth - 1);
	} catch (...) {
		if (depth % 10 == 0) {
			std::throw_with_nested(std::runtime_error("at " + std::to_string(depth)));
		}
		throw;
	}
}

void print_nested(const std::exception &e, int level = 0) {
	std::cout << std::string(static_cast<size_t>(level), ' ') << e.what() << '\n';
	try {
		std::rethrow_if_nested(e);
	} catch (const std::exception &inner) {
		print_nested(inner, level + 1);
	}
}

template <typename F> void library(const char *what, F f) {
	try {
		f();
		std::cout << what << ": nothing\n";
	} catch (const std::out_of_range &) {
		std::cout << what << ": out_of_range\n";
	} catch (const std::invalid_argument &) {
		std::cout << what << ": invalid_argument\n";
	} catch (const std::length_error &) {
		std::cout << what << ": length_error\n";
	} catch (const std::bad_alloc &) {
		std::cout << what << ": bad_alloc\n";
	} catch (const std::bad_cast &) {
		std::cout << what << ": bad_cast\n";
	} catch (const std::bad_typeid &) {
		std::cout << what << ": bad_typeid\n";
	} catch (const std::exception &e) {
		std::cout << what << ": an exception\n";
	}
}

void libraries() {
	std::vector<int> numbers{3, 1, 2};
	library("at", [&] { numbers.at(3); });
	library("stoi", [] { (void)std::stoi("word"); });
	library("stoi range", [] { (void)std::stoi("99999999999999"); });
	library("substr", [] { (void)std::string("abc").substr(4); });
	library("reserve", [] { std::vector<int>().reserve(SIZE_MAX / 2); });
	library("new", [] {
		volatile size_t most = SIZE_MAX / 2;
		delete[] new char[most];
	});
	library("map", [] { (void)std::map<int, int>{{1, 2}}.at(3); });
	library("any cast", [] {
		Left left;
		Base &base = left;
		(void)dynamic_cast<Both &>(base);
	});
	library("typeid", [] {
		Base *none = nullptr;
		(void)typeid(*none).name();
	});
	library("variant", [] { (void)std::get<int>(std::variant<int, std::string>("text")); });
	library("optional", [] { (void)std::optional<int>().value(); });
	library("function", [] { std::function<void()>()(); });
	library("regex", [] { std::regex broken("(a"); });
	library("regex fine", [] { (void)std::regex_match("aab", std::regex("(a+)b")); });
	library("stream", [] {
		std::istringstream in("x");
		in.exceptions(std::ios::failbit);
		int i;
		in >> i;
	});
	library("sort", [&] {
		int left = 2;
		std::sort(numbers.begin(), numbers.end(), [&](int a, int b) { return --left < 0 ? throw std::length_error("sort") : a < b; });
	});
}

// An evaluator whose errors are exceptions, as many are written.
struct SyntaxError : std::runtime_error {
	size_t place;
	SyntaxError(const char *what, size_t at) : std::runtime_error(what), place(at) {}
};
struct DivisionError : std::exception {
	const char *what() const noexcept override { return "division by zero"; }
};

class Evaluator {
	const std::string &text;
	size_t at = 0;

	char peek() const { return at < text.size() ? text[at] : '\0'; }

	long primary() {
		if (peek() == '(') {
			at++;
			long value = sum();
			if (peek() != ')') {
				throw SyntaxError("no closing parenthesis", at);
			}
			at++;
			return value;
		}
		if (peek() < '0' || peek() > '9') {
			throw SyntaxError("no number", at);
		}
		long value = 0;
		while (peek() >= '0' && peek() <= '9') {
			value = (value * 10 + (text[at++] - '0')) % 1000003;
		}
		return value;
	}

	long product() {
		long value = primary();
		while (peek() == '*' || peek() == '/') {
			char op = text[at++];
			long right = primary();
			if (op == '/' && right == 0) {
				throw DivisionError();
			}
			value = op == '*' ? value * right % 1000003 : value / right;
		}
		return value;
	}

	long sum() {
		long value = product();
		while (peek() == '+' || peek() == '-') {
			char op = text[at++];
			long right = product();
			value += op == '+' ? right : -right;
		}
		return value;
	}

public:
	explicit Evaluator(const std::string &t) : text(t) {}
	long run() {
		long value = sum();
		if (at != text.size()) {
			throw SyntaxError("something after the end", at);
		}
		return value;
	}
};

// random_expression is wrong in about one case of ten.
std::string random_expression(std::uint32_t &seed) {
	std::string text;
	static const char alphabet[] = "0123456789";
	int open = 0;
	for (int i = 0; i < 24; i++) {
		seed = seed * 1664525 + 1013904223;
		std::uint32_t r = seed >> 16;
		if (r % 7 == 0) {
			text += '(';
			open++;
		}
		text += alphabet[r % 10];
		if (r % 3 == 0 && open > 0) {
			text += ')';
			open--;
		}
		text += "+-*/"[r / 16 % 4];
	}
	text += '1';
	seed = seed * 1664525 + 1013904223;
	if (seed >> 28 == 0) {
		text += '*';
	}
	return text + std::string(static_cast<size_t>(open), ')');
}

void evaluate(long rounds) {
	std::uint32_t seed = 1;
	long sum = 0, syntax = 0, division = 0;
	size_t places = 0;
	for (long i = 0; i < rounds; i++) {
		std::string text = random_expression(seed);
		try {
			sum += Evaluator(text).run();
		} catch (const SyntaxError &e) {
			syntax++;
			places += e.place;
		} catch (const std::exception &) {
			division++;
		}
	}
	std::printf("%ld expressions: sum %ld, %ld syntax errors at %lu, %ld divisions by zero\n", rounds, sum, syntax,
	            static_cast<unsigned long>(places), division);
}

} // namespace

int main(int argc, char **argv) {
	if (argc > 1 && std::strcmp(argv[1], "uncaught") == 0) {
		std::cout << "before" << std::endl;
		throw std::runtime_error("nobody catches this");
	}
	for (int kind = 0; kind <= 10; kind++) {
		std::cout << "kind " << kind << '\n';
		catch_kind(kind);
	}
	for (bool fail : {false, true}) {
		try {
			Parts parts(fail);
		} catch (const std::logic_error &e) {
			std::cout << "parts: " << e.what() << '\n';
		}
	}
	std::cout << in_function_try(2) << ' ' << in_function_try(3) << '\n';
	try {
		descend(45);
	} catch (const std::exception &e) {
		print_nested(e);
	}
	std::exception_ptr kept;
	try {
		throw_kind(2);
	} catch (...) {
		kept = std::current_exception();
	}
	for (int i = 0; i < 2; i++) {
		try {
			std::rethrow_exception(kept);
		} catch (const std::string &s) {
			std::cout << "kept " << s << '\n';
		}
	}
	libraries();
	std::cout << std::flush;
	evaluate(argc > 1 ? std::atol(argv[1]) : 1000);
	return 3;
}

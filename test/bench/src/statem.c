// statem runs state machines: numbers are recognised character by character (as
// CoreMark does), a CRC is computed bit by bit, and a small bytecode is
// interpreted.

#include "bench.h"

enum { TEXT_BYTES = 65536, TEXT_USED = 65000, SCANS = 150, CRC_ROUNDS = 20, INTERPRETED = 4000000 };

enum state { START, INVALID, SCIENTIFIC, EXPONENT, INTEGER, FLOAT, SIGN, E_SIGN, STATES };

static int is_digit(char c) { return c >= '0' && c <= '9'; }

// step returns the state after c. A transition is counted under the state that
// it leaves, or under INVALID, where the reference does.
static enum state step(enum state state, char c, uint32_t *counts) {
	enum state from = state;
	switch (state) {
	case START:
		counts[START]++;
		if (is_digit(c)) {
			return INTEGER;
		} else if (c == '+' || c == '-') {
			return SIGN;
		} else if (c == '.') {
			return FLOAT;
		}
		from = INVALID;
		break;
	case SIGN:
		if (is_digit(c) || c == '.') {
			counts[SIGN]++;
			return c == '.' ? FLOAT : INTEGER;
		}
		break;
	case INTEGER:
		if (c == '.') {
			counts[INTEGER]++;
			return FLOAT;
		} else if (is_digit(c)) {
			return INTEGER;
		}
		break;
	case FLOAT:
		if (c == 'e' || c == 'E') {
			counts[FLOAT]++;
			return E_SIGN;
		} else if (is_digit(c)) {
			return FLOAT;
		}
		break;
	case E_SIGN:
		if (c == '+' || c == '-') {
			counts[E_SIGN]++;
			return EXPONENT;
		}
		break;
	case EXPONENT:
		if (is_digit(c)) {
			counts[EXPONENT]++;
			return SCIENTIFIC;
		}
		break;
	case SCIENTIFIC:
		if (is_digit(c)) {
			return SCIENTIFIC;
		}
		from = INVALID;
		break;
	default:
		break;
	}
	counts[from]++;
	return INVALID;
}

__attribute__((noinline)) static enum state recognise(const char **text, uint32_t *counts) {
	const char *p = *text;
	enum state state = START;
	for (; *p && state != INVALID; p++) {
		if (*p == ',') {
			p++;
			break;
		}
		state = step(state, *p, counts);
	}
	*text = p;
	return state;
}

static const char *const numbers[16] = {
	"5012", "1234", "-874", "+122", "35.54400", ".1234500", "-110.700", "+0.64400",
	"5.500e+3", "-.123e-2", "-87e+832", "+0.6e-12", "T0.3e-1F", "-T.T++Tq", "1T3.4e4z", "34.0e-T^",
};

static uint16_t crc16(uint16_t crc, uint8_t byte) {
	for (int i = 0; i < 8; i++) {
		int carry = (byte ^ crc) & 1;
		byte >>= 1;
		crc >>= 1;
		if (carry) {
			crc ^= 0xa001;
		}
	}
	return crc;
}

enum operation { PUSH, POP_ADD, XOR_COUNT, TRIPLE, COUNT_DOWN, LOOP, MIX, RETURN, SUBTRACT_COUNT, IF_ODD };

__attribute__((noinline)) static int64_t interpret(const uint8_t *code, int64_t count) {
	int64_t stack[32], accumulator = 0;
	int depth = 0;
	for (const uint8_t *pc = code;;) {
		switch (*pc++) {
		case PUSH:
			stack[depth++] = accumulator;
			break;
		case POP_ADD:
			accumulator = (int64_t)((uint64_t)accumulator + (uint64_t)stack[--depth]);
			break;
		case XOR_COUNT:
			accumulator ^= count;
			break;
		case TRIPLE:
			accumulator = (int64_t)((uint64_t)accumulator * 3 + 1);
			break;
		case COUNT_DOWN:
			count--;
			break;
		case LOOP:
			if (count > 0) {
				pc = code;
			}
			break;
		case MIX:
			accumulator = (accumulator >> 1) ^ (int64_t)((uint64_t)accumulator << 3);
			break;
		case RETURN:
			return accumulator;
		case SUBTRACT_COUNT:
			accumulator = (int64_t)((uint64_t)accumulator - (uint64_t)count);
			break;
		case IF_ODD:
			if (accumulator & 1) {
				accumulator = (int64_t)((uint64_t)accumulator + 7);
			}
			break;
		}
	}
}

// write_numbers fills text with numbers and returns its length.
static int write_numbers(char *text) {
	uint32_t x = 7;
	int length = 0;
	while (length < TEXT_USED) {
		x = x * 1103515245 + 12345;
		for (const char *p = numbers[x >> 16 & 15]; *p;) {
			text[length++] = *p++;
		}
		text[length++] = ',';
	}
	text[length] = 0;
	return length;
}

static uint64_t work(void) {
	static char text[TEXT_BYTES];
	static const uint8_t code[] = {
		PUSH, XOR_COUNT, TRIPLE, PUSH, MIX, POP_ADD, IF_ODD, POP_ADD, SUBTRACT_COUNT, COUNT_DOWN, LOOP, RETURN,
	};
	uint32_t counts[STATES] = {0}, finals[STATES] = {0};
	int length = write_numbers(text);
	for (int i = 0; i < SCANS; i++) {
		for (const char *p = text; *p;) {
			finals[recognise(&p, counts)]++;
		}
		text[i * 17] ^= 1;
	}
	uint16_t crc = 0;
	for (int i = 0; i < STATES; i++) {
		crc = crc16(crc16(crc, (uint8_t)finals[i]), (uint8_t)counts[i]);
	}
	for (int round = 0; round < CRC_ROUNDS; round++) {
		for (int i = 0; i < length; i++) {
			crc = crc16(crc, (uint8_t)text[i]);
		}
	}
	return (uint64_t)interpret(code, INTERPRETED) << 16 ^ crc;
}

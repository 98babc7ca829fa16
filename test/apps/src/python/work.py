# What Python has: classes, generators, exceptions, big integers, decimals,
# regular expressions, JSON, hashes, formats, sorting. The argument is how often
# the work is done.

import bisect, collections, contextlib, dataclasses, datetime, decimal, enum, fractions, functools, hashlib, heapq
import io, itertools, json, math, operator, random, re, statistics, string, struct, sys, textwrap, traceback, unicodedata

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
random.seed(2024)


class Colour(enum.Flag):
    RED, GREEN, BLUE = 1, 2, 4


@dataclasses.dataclass(order=True, frozen=True)
class Item:
    weight: float
    name: str = dataclasses.field(compare=False)
    tags: tuple = ()

    def __format__(self, spec):
        return f"{self.name}:{self.weight:{spec or '.2f'}}"


class Meta(type):
    made = []

    def __new__(cls, name, bases, body, **extra):
        cls.made.append((name, sorted(k for k in body if not k.startswith("__")), extra))
        return super().__new__(cls, name, bases, body)


class Shape(metaclass=Meta, kind="abstract"):
    area = property(lambda self: self._area())


class Square(Shape, kind="square"):
    def __init__(self, side):
        self.side = side

    def _area(self):
        return self.side**2


def numbers():
    a = functools.reduce(operator.mul, range(1, 200))
    print(a % 10**30, len(str(a)), (a >> 300) & 0xFFFFFFFF, pow(3, 10**20, 10**18 + 9), math.isqrt(a) % 10**12)
    decimal.getcontext().prec = 50
    print(decimal.Decimal(2).sqrt(), decimal.Decimal("1e-7") / 3, fractions.Fraction(355, 113) - fractions.Fraction(22, 7))
    print(0.1 + 0.2, 1e308 * 10, float.hex(0.1), round(2.675, 2), math.fsum([0.1] * 10), complex(1, -2) ** 3, -7 // 2, -7 % 3)
    print(statistics.stdev([1, 2, 3, 4, 10]), f"{12345.678:>+15,.1f}|{255:#010b}|{'x':^7}|{1e10:g}|{0.5:%}")


def text():
    words = re.findall(r"\b[a-z]{3,}\b", open(__import__("string").__file__).read(), re.I)
    common = sorted(collections.Counter(w.lower() for w in words).items(), key=lambda p: (-p[1], p[0]))[:6]
    print(len(words), common)
    pattern = re.compile(r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?:T(?P<h>\d\d))?")
    print(pattern.sub(lambda m: "/".join(x or "-" for x in m.groups()), "2024-02-29, 1999-12-31T23"))
    print(unicodedata.normalize("NFD", "größe").encode("unicode_escape"), "ǅ".lower(), "ß".upper(), "𝒳"[::-1], ascii("é"))
    print(textwrap.fill("the quick brown fox jumps over the lazy dog " * 2, 30), string.Template("$a-${b}").substitute(a=1, b=2))
    print("%-5s|%05d|%x|%e" % ("ab", 42, 255, 12345.6789), b"\xff\x00".hex(), "a,b,,c".split(","), "tschüß".encode("latin-1"))


def data():
    value = {"list": [1, 2.5, None, True, "é\u2028"], "nested": {"k": [{}] * 2}, "n": 10**25}
    packed = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True)
    print(hashlib.sha256(packed.encode()).hexdigest()[:16], json.loads(packed) == value)
    for wrong in ("[1,", '{"a" 1}', "nul", '"\\x"'):
        try:
            json.loads(wrong)
        except json.JSONDecodeError as e:
            print(e)
    print(struct.unpack("<hIqd", struct.pack("<hIqd", -2, 2**32 - 1, -(2**40), math.pi)))
    for name in ("md5", "sha1", "sha3_256", "blake2b"):
        print(name, hashlib.new(name, b"abc").hexdigest()[:20])
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        print(Item(1.5, "a"), f"{Item(2, 'b'):.3f}", max(Item(3, "x"), Item(1, "y")).name)
    print(out.getvalue().strip(), Colour.RED | Colour.BLUE, Meta.made, Square(3).area)
    day = datetime.datetime(2024, 2, 28, tzinfo=datetime.timezone.utc)
    print((day + datetime.timedelta(days=2, hours=5)).isoformat(), day.strftime("%A %j"), datetime.date(2024, 12, 30).isocalendar())


def generator(n):
    received = 0
    try:
        while True:
            received += (yield received * n) or 1
    except GeneratorExit:
        print("closed at", received)


def errors():
    g = generator(3)
    print(next(g), g.send(5), next(g))
    g.close()

    def deep(n):
        return deep(n + 1)

    for f in (lambda: 1 // 0, lambda: [][1], lambda: {}["k"], lambda: int("x"), lambda: None.x, lambda: deep(0), lambda: open("/none"),
              lambda: b"\xff".decode(), lambda: eval("1 +"), lambda: [1] + (2,), lambda: next(iter(())), lambda: 10 ** -400 + 10.0**400):
        try:
            print(f())
        except Exception as e:
            print(type(e).__name__, str(e)[:60])
    try:
        try:
            raise ExceptionGroup("several", [ValueError(1), TypeError(2)])
        except* ValueError as group:
            print("group", group.exceptions)
            raise RuntimeError("then") from group
    except BaseException:
        print(traceback.format_exc().count("\n"))


def work():
    items = [Item(random.random(), str(i)) for i in range(3000)]
    heap = []
    for item in items:
        heapq.heappush(heap, item)
    ordered = [heapq.heappop(heap) for _ in range(len(heap))]
    assert ordered == sorted(items)
    position = bisect.bisect(ordered, Item(0.5, ""))
    primes, sieve = [], bytearray([1]) * 30000
    for i in range(2, len(sieve)):
        if sieve[i]:
            primes.append(i)
            sieve[i * i :: i] = bytes(len(range(i * i, len(sieve), i)))
    paths = collections.defaultdict(list)
    for a, b in itertools.combinations(range(120), 2):
        paths[a ^ b].append((a, b))

    @functools.lru_cache(maxsize=None)
    def ways(n, coin):
        return 1 if n == 0 else 0 if n < 0 or coin == 0 else ways(n, coin - 1) + ways(n - coin, coin)

    return position, len(primes), sum(len(v) for v in paths.values()), ways(100, 40)


numbers()
text()
data()
errors()
results = {work() for _ in range(rounds)}
print(sorted(results)[0][1:])
sys.exit(4)

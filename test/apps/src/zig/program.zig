//! A program in Zig: its allocators, hash maps, JSON, formats, sorting, vectors
//! and checked arithmetic. It prints what it finds: program ROUNDS.

const std = @import("std");

const Point = struct { x: i32, y: i32, name: []const u8, tags: []const []const u8 = &.{}, weight: ?f64 = null };

const Failure = error{ Odd, TooLarge };

fn half(n: u32) Failure!u32 {
    if (n > 1000) return error.TooLarge;
    if (n % 2 != 0) return error.Odd;
    return n / 2;
}

fn json(allocator: std.mem.Allocator, out: anytype) !void {
    const text =
        \\[{"x": 1, "y": -2, "name": "first \u00e9", "tags": ["a", "b"]},
        \\ {"y": 7, "x": 2147483647, "name": "", "weight": 1.25e-3}]
    ;
    const parsed = try std.json.parseFromSlice([]Point, allocator, text, .{});
    defer parsed.deinit();
    for (parsed.value) |point| {
        try std.json.stringify(point, .{}, out);
        try out.writeByte('\n');
    }
    for ([_][]const u8{ "[{]", "[{\"x\": 2147483648, \"y\": 0, \"name\": \"\"}]", "[{\"x\": 1}]", "nul" }) |wrong| {
        if (std.json.parseFromSlice([]Point, allocator, wrong, .{})) |_| {
            try out.print("{s} is right\n", .{wrong});
        } else |err| {
            try out.print("{s}: {s}\n", .{ wrong, @errorName(err) });
        }
    }
}

fn maps(allocator: std.mem.Allocator, random: std.Random, out: anytype) !void {
    var map = std.StringHashMap(u64).init(allocator);
    defer {
        var keys = map.keyIterator();
        while (keys.next()) |key| allocator.free(key.*);
        map.deinit();
    }
    for (0..20_000) |i| {
        var buffer: [16]u8 = undefined;
        const word = try std.fmt.bufPrint(&buffer, "{x}", .{random.uintLessThan(u32, 5000)});
        const entry = try map.getOrPut(word);
        if (!entry.found_existing) {
            entry.key_ptr.* = try allocator.dupe(u8, word);
            entry.value_ptr.* = 0;
        }
        entry.value_ptr.* += i;
    }
    var sum: u64 = 0;
    var iterator = map.iterator();
    while (iterator.next()) |entry| sum +%= std.hash.Wyhash.hash(entry.value_ptr.*, entry.key_ptr.*);
    try out.print("{d} words, {x}\n", .{ map.count(), sum });
}

fn vectors(random: std.Random, out: anytype) !void {
    const V = @Vector(8, f32);
    var sum: V = @splat(0);
    var bits: @Vector(16, u8) = @splat(0);
    for (0..50_000) |i| {
        const value: V = @splat(random.float(f32));
        sum = @mulAdd(V, value, @splat(0.5), sum);
        bits +%= @splat(@truncate(i));
        bits ^= @shuffle(u8, bits, undefined, [16]i32{ 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12 });
    }
    try out.print("vectors {d:.3} {d}\n", .{ @reduce(.Add, sum), @reduce(.Xor, bits) });
}

fn integers(out: anytype) !void {
    const wide: u128 = 0xfedcba98_76543210_01234567_89abcdef;
    try out.print("{d} {x} {d}\n", .{ wide, wide *% wide, wide % 1_000_000_007 });
    const odd: i37 = -12345678901;
    try out.print("{d} {d} {d}\n", .{ odd, @divFloor(odd, 1000), @mod(odd, 1000) });
    try out.print("{any} {any}\n", .{ @addWithOverflow(@as(u8, 200), 100), std.math.mul(i64, std.math.maxInt(i64), 2) });
    for ([_]u32{ 8, 7, 5000 }) |n| {
        if (half(n)) |h| try out.print("half of {d} is {d}\n", .{ n, h }) else |err| try out.print("{d}: {s}\n", .{ n, @errorName(err) });
    }
    try out.print("{d} {e} {d} {x}\n", .{ @as(f64, 1) / 3, @as(f64, 6.02214076e23), @as(f128, 1) / 3, @as(f64, 0.1) });
}

fn hashes(rounds: usize, random: std.Random, out: anytype) !void {
    var block: [4096]u8 = undefined;
    random.bytes(&block);
    var sha = std.crypto.hash.sha2.Sha256.init(.{});
    var blake = std.crypto.hash.Blake3.init(.{});
    for (0..rounds * 20) |_| {
        sha.update(&block);
        blake.update(&block);
        block[0] +%= 1;
    }
    var digest: [32]u8 = undefined;
    sha.final(&digest);
    try out.print("sha256 {s}\n", .{std.fmt.fmtSliceHexLower(&digest)});
    blake.final(&digest);
    try out.print("blake3 {s}\n", .{std.fmt.fmtSliceHexLower(&digest)});
}

pub fn main() !u8 {
    var general = std.heap.GeneralPurposeAllocator(.{}){};
    const allocator = general.allocator();
    var buffered = std.io.bufferedWriter(std.io.getStdOut().writer());
    const out = buffered.writer();
    const args = try std.process.argsAlloc(allocator);
    const rounds = if (args.len > 1) try std.fmt.parseInt(usize, args[1], 10) else 1;
    var generator = std.Random.DefaultPrng.init(42);
    const random = generator.random();

    try json(allocator, out);
    try integers(out);
    try vectors(random, out);
    try hashes(rounds, random, out);
    for (0..rounds) |round| {
        const list = try allocator.alloc(f64, 30_000);
        defer allocator.free(list);
        for (list) |*f| f.* = random.floatNorm(f64);
        std.sort.pdq(f64, list, {}, std.sort.desc(f64));
        if (round == 0) try out.print("sorted {d} {d}\n", .{ list[0], list[list.len - 1] });
        if (round % 4 == 0) try maps(allocator, random, out);
    }
    std.process.argsFree(allocator, args);
    try out.print("{s}\n", .{@tagName(general.deinit())});
    try buffered.flush();
    return 9;
}

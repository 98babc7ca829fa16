-- Algorithms that compute: each prints a checksum.

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

local function sieve(limit)
  local composite, count, last = {}, 0, 0
  for n = 2, limit do
    if not composite[n] then
      count, last = count + 1, n
      for multiple = n * n, limit, n do composite[multiple] = true end
    end
  end
  return count, last
end

local function queens(size)
  local rows, up, down, solutions = {}, {}, {}, 0
  local function place(column)
    if column > size then
      solutions = solutions + 1
      return
    end
    for row = 1, size do
      local u, d = row + column, row - column
      if not (rows[row] or up[u] or down[d]) then
        rows[row], up[u], down[d] = true, true, true
        place(column + 1)
        rows[row], up[u], down[d] = nil, nil, nil
      end
    end
  end
  place(1)
  return solutions
end

local function matrix(size)
  local function make(f)
    local m = {}
    for i = 1, size do
      m[i] = {}
      for j = 1, size do m[i][j] = f(i, j) end
    end
    return m
  end
  local a = make(function(i, j) return i * 0.5 - j end)
  local b = make(function(i, j) return j * 0.25 + i end)
  local trace = 0
  for i = 1, size do
    for j = 1, size do
      local sum = 0
      for k = 1, size do sum = sum + a[i][k] * b[k][j] end
      if i == j then trace = trace + sum end
    end
  end
  return trace
end

local function mandelbrot(size, limit)
  local inside = 0
  for y = 0, size - 1 do
    local ci = 2 * y / size - 1
    for x = 0, size - 1 do
      local cr, zr, zi, n = 2 * x / size - 1.5, 0, 0, 0
      while n < limit and zr * zr + zi * zi <= 4 do
        zr, zi, n = zr * zr - zi * zi + cr, 2 * zr * zi + ci, n + 1
      end
      if n == limit then inside = inside + 1 end
    end
  end
  return inside
end

local function sorted(count)
  local values, x = {}, 42
  for i = 1, count do
    x = (x * 1103515245 + 12345) & 0x7fffffff
    values[i] = x
  end
  table.sort(values)
  local hash = 0
  for i, value in ipairs(values) do hash = (hash * 31 + value * i) & 0xffffffffffff end
  table.sort(values, function(a, b) return a % 1000 < b % 1000 end)
  return hash, values[1] % 1000, values[count] % 1000
end

print("fib", fib(32))
print("sieve", sieve(2500000))
print("queens", queens(9))
print("matrix", matrix(220))
print("mandelbrot", mandelbrot(320, 150))
print("sorted", sorted(350000))

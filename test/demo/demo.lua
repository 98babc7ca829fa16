-- The script of make demo: what a program sees of its machine, and a picture.

print(_VERSION .. " in a machine of its own, under " .. os.getenv("WHERE"))
print("argument: " .. arg[1])
print("time:     " .. os.date("!%Y-%m-%d %H:%M:%S UTC"))
local lines = 0
for _ in io.lines("/demo.lua") do lines = lines + 1 end
print("file:     /demo.lua has " .. lines .. " lines")

local width, height, limit = 78, 24, 200
local shades = " .:-=+*#%@"
for y = 0, height - 1 do
  local row = {}
  for x = 0, width - 1 do
    local cr, ci = x / width * 3.2 - 2.3, y / height * 2.4 - 1.2
    local zr, zi, n = 0.0, 0.0, 0
    while n < limit and zr * zr + zi * zi < 4 do
      zr, zi, n = zr * zr - zi * zi + cr, 2 * zr * zi + ci, n + 1
    end
    local shade = n == limit and #shades or 1 + n // 2 % (#shades - 1)
    row[#row + 1] = shades:sub(shade, shade)
  end
  print(table.concat(row))
end

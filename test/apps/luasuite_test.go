package apps

// luaSuite runs Lua's own tests in the order of their all.lua, in the mode for
// any computer (_port) and without what needs minutes (_soft). What they print
// themselves are times, addresses and random seeds; only the lines of this chunk
// count, which begin with luaSuiteLine.
//
// Left out are main and files, which start programs and write files, attrib,
// which does the same and expects that no file has an empty name (wasi-libc opens
// the root), and what needs a library for tests in C, which the files notice
// themselves.
const luaSuite = `
_port, _soft, _nomsg = true, true, true
local set = os.setlocale
function os.setlocale(locale, ...) -- wasi-libc says yes to all and changes nothing
  return (not locale or locale == "" or locale == "C") and set(locale, ...) or nil
end
local write, failures = io.write, 0
for name in ([[
  strings literals tpack gengc db calls cstack nextvar pm utf8 api events vararg closure coroutine goto
  errors math sort bitwise constructs code locals gc]]):gmatch("%w+") do
  local ok, message = xpcall(dofile, debug.traceback, name .. ".lua")
  write("\nsuite: ", name, " ", ok and "passed" or message, "\n")
  if not ok then failures = failures + 1 end
end
os.exit(failures)
`

const luaSuiteLine = "suite: "

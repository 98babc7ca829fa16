-- Text, tables and objects; the arguments are echoed, a file is read.

print("arguments", #arg, table.concat(arg, "|"))

local words, order = {}, {}
for i = 1, 60000 do
  local word = "w" .. (i * 7919) % 5003
  if not words[word] then
    words[word] = 0
    order[#order + 1] = word
  end
  words[word] = words[word] + #word
end
table.sort(order, function(a, b)
  if words[a] ~= words[b] then return words[a] > words[b] end
  return a < b
end)
print("words", #order, order[1], words[order[1]], order[#order])

local parts = {}
for i = 1, 20000 do parts[#parts + 1] = string.format("%d:%x:%5.2f", i, i * i, i / 3) end
local text = table.concat(parts, ",")
local digits, letters = 0, 0
for run in text:gmatch("%d+") do digits = digits + #run end
for run in text:gmatch("%a+") do letters = letters + #run end
local changed, count = text:gsub("(%d+):(%x+)", "%2;%1")
print("text", #text, digits, letters, #changed, count, changed:sub(1, 40))

local Account = {}
Account.__index = Account
Account.__add = function(a, b) return Account.new(a.balance + b.balance) end
Account.__tostring = function(a) return "account of " .. a.balance end
Account.__lt = function(a, b) return a.balance < b.balance end
function Account.new(balance) return setmetatable({ balance = balance }, Account) end
function Account:deposit(n) self.balance = self.balance + n return self end

local total = Account.new(0)
for i = 1, 100000 do total = total + Account.new(i):deposit(1) end
print(tostring(total), Account.new(1) < Account.new(2))

print(math.maxinteger, math.mininteger // -1, 7 // -2, 7 % -2, 7.5 // 2, 1e308 * 10, -(0 / 0) ~= 0 / 0)
print(string.pack("<i4d", 42, 0.5):byte(1, -1))
print(utf8.char(0x4e2d, 0x1f980), utf8.len("Größe"), ("x"):rep(3, "-"))
print(pcall(function(...) return select("#", ...), ... end, 1, nil, 3))
print(load("return 6 * 7")())
local file <close> = io.open("/data.txt")
local lines = 0
for line in file:lines() do lines = lines + 1 end
print("lines", lines, file:seek("end"))
print(os.getenv("LUA_TEST"), os.time() > 1700000000, os.date("!%Y-%m-%d", 86400))
io.stderr:write("standard error of Lua\n")

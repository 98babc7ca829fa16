-- An error that nothing catches ends the program with code 1.
print("before")
local missing
print(missing.field)

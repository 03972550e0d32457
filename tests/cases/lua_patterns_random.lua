-- string.find, match, gmatch and gsub with patterns made at random, valid and not: a digest of all
-- results for each hundred of them. The expected digests are those of the stock interpreter, 5.4.4.
local U = User:extend("U", {})

local state = 42
local function random(n)
  state = (state * 1103515245 + 12345) % 2147483648
  return state // 65536 % n + 1
end

local pieces = {
  "a", "b", "c", "1", " ", ".", ".", "%a", "%d", "%s", "%w", "%A", "%S", "%p", "%x", "%u", "%l", "%g", "%c", "%z", "%.", "%%",
  "[ab]", "[^a]", "[a-c]", "[%a_]", "[]a]", "[^]a]", "[%]a]", "[a-]", "[-a]", "[%a-z]", "[^%s]", "[", "]", "%", "[^", "[a",
  "*", "*", "+", "+", "-", "-", "?", "?", "(", "(", ")", ")", "()", "^", "$", "%b()", "%bab", "%b", "%f[%a]", "%f[^%a]", "%f",
  "%1", "%2", "%0", "\0",
}
local letters = { "a", "b", "c", "A", "1", " ", "(", ")", "[", "]", "%", "-", ".", "\0", "\xe4", "_", "\n" }
local templates = { "x", "<%0>", "%1", "%2%1", "%%", "%", "%a", "", "%9", "-%0%0-" }

local function make(from, most)
  local parts = {}
  for i = 1, random(most) - 1 do parts[i] = from[random(#from)] end
  return table.concat(parts)
end

local function digest(hash, ...)
  for i = 1, select("#", ...) do
    local text = tostring((select(i, ...)))
    for j = 1, #text do hash = (hash ~ text:byte(j)) * 1099511628211 end
    hash = (hash ~ 255) * 1099511628211
  end
  return hash
end

local function all_matches(subject, pattern)
  local found = {}
  for first, second in subject:gmatch(pattern) do found[#found + 1] = first .. "/" .. tostring(second) end
  return table.concat(found, ",")
end

U:task("work", function(self)
  for block = 1, 40 do
    local hash = -3750763034362895579
    for _ = 1, 100 do
      local subject, pattern = make(letters, 14), make(pieces, 9)
      local init = random(20) - 10
      hash = digest(hash, pcall(string.find, subject, pattern))
      hash = digest(hash, pcall(string.find, subject, pattern, init))
      hash = digest(hash, pcall(string.match, subject, pattern, init))
      hash = digest(hash, pcall(string.find, subject, pattern, init, true))
      hash = digest(hash, pcall(all_matches, subject, pattern))
      hash = digest(hash, pcall(string.gsub, subject, pattern, templates[random(#templates)], random(5) - 1))
      hash = digest(hash, pcall(string.gsub, subject, pattern, function(a, b) return b and a .. b end))
      hash = digest(hash, pcall(string.gsub, subject, pattern, { a = "A", b = 5, c = false, ["1"] = 2.5 }))
    end
    print(block .. " " .. ("%016x"):format(hash))
  end
end)

-- A script that is no UTF-8.
local U = User:extend("U", {})
local text = "ÿ"

local value = 1
local other = = 2 --@syntax

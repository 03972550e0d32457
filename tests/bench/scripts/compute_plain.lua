-- The same under lua5.4.
require("loops")(os.clock, print)

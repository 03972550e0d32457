-- A weight beside `next`, on a chain that nothing leads to.
MarkovTaskSet:extend("Chain", { --@class
  tasks = { { name = "browse", target = function() end, weight = 2, next = "browse" } },
})
User:extend("U", { tasks = { function() end } })

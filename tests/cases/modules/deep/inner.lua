local shared = require("modules.shared")
return { add = shared.add, where = "inner" }

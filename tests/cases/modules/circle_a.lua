return require("modules.circle_b") --@to_b

return require("modules.circle_a") --@to_a

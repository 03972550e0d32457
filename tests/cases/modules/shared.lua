local shared = { count = 0, name = ... }
function shared.add() shared.count = shared.count + 1; return shared.count end
return shared

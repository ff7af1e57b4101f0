-- Keys in the buffers of the server. A key that has nothing to do is what it was: the plain key.

local M = {}

local MODES = { next_edit_accept = 'n', next_edit_reject = 'n' }

local function action(name)
  if name == 'next_edit_accept' then
    return require('mellum.next_edit').accept
  elseif name == 'next_edit_reject' then
    return require('mellum.next_edit').reject
  end
  return require('mellum')[name]
end

--- Map `keys` (name of an action to a key, false for none) in `buf`.
function M.attach(buf, keys)
  for name, key in pairs(keys) do
    if key then
      local act = action(name)
      vim.keymap.set(MODES[name] or 'i', key, function()
        return act() and '' or key
      end, { buffer = buf, expr = true, replace_keycodes = true, desc = 'Mellum: ' .. name:gsub('_', ' ') })
    end
  end
end

return M

-- What the keys of insert mode do, whoever shows the suggestion: the plugin's own ghost text or Neovim.

local core = require('mellum.core')
local ghost = require('mellum.ghost')
local item = require('mellum.item')
local request = require('mellum.request')
local server = require('mellum.server')

local M = {}

local owns = {}

--- Show suggestions in `buf` from now on; `by` is 'core', 'own' or nil for core where there is one.
function M.attach(buf, by)
  if by == 'own' or not core.module() then
    owns[buf] = true
    require('mellum.automatic').enable(buf)
  else
    owns[buf] = nil
    core.enable(buf)
  end
end

--- Whether the plugin's own ghost text serves `buf`.
function M.is_own(buf)
  return owns[buf] == true
end

-- Hand what is shown to `act`, when the text may be changed again: an expression of a mapping may not.
local function take(act)
  if ghost.current() then
    vim.schedule(function()
      local one = ghost.current()
      ghost.clear()
      if one then
        act(one)
      end
    end)
    return true
  end
  return core.take(vim.api.nvim_get_current_buf(), function(one)
    if one then
      act(one)
    end
  end)
end

local function part(cut)
  return take(function(one)
    local left = item.put_part(one, cut)
    if left then
      ghost.show({ left })
    end
  end)
end

--- Accept what is shown.
function M.accept()
  return take(item.put)
end

--- Accept its next word.
function M.accept_word()
  return part(item.word)
end

--- Accept its next line.
function M.accept_line()
  return part(item.line)
end

local function ask(step)
  request.send(server.INVOKED, function(items)
    for _, one in ipairs(items) do
      one.kept = true
    end
    if items[1] then
      ghost.show(items, step % #items + 1, true)
    end
  end)
end

-- The first time, several are asked for, and of these the one beside what was shown; then the list is gone through.
local function cycle(step)
  if ghost.cycle(step) then
    return true
  elseif ghost.current() then
    ghost.clear()
    ask(step)
  elseif not core.take(vim.api.nvim_get_current_buf(), function()
    ask(step)
  end) then
    ask(0)
  end
  return server.of(vim.api.nvim_get_current_buf()) ~= nil
end

--- Show another suggestion; where none is shown, ask for some.
function M.next()
  return cycle(1)
end

--- Show the one before.
function M.previous()
  return cycle(-1)
end

--- Take away what is shown.
function M.dismiss()
  request.cancel()
  if ghost.clear() then
    return true
  end
  return core.take(vim.api.nvim_get_current_buf(), function() end)
end

return M

-- Suggestions by themselves while one types, where Neovim has no vim.lsp.inline_completion (before 0.12) or it is not
-- wanted. The server waits out fast typing itself, so a key is only waited for as long as its own events take.

local ghost = require('mellum.ghost')
local request = require('mellum.request')
local server = require('mellum.server')

local M = {}

local SETTLE_MS = 10
local timer = assert(vim.uv.new_timer())

local function stop()
  timer:stop()
  request.cancel()
end

local function ask()
  if vim.api.nvim_get_mode().mode:sub(1, 1) ~= 'i' then
    return
  end
  request.send(server.AUTOMATIC, function(items)
    ghost.show(items)
  end)
end

local function changed()
  -- A list that the user leafs through stays as long as it fits.
  local one = ghost.refresh() and ghost.current()
  if not (one and one.kept) then
    timer:start(SETTLE_MS, 0, vim.schedule_wrap(ask))
  end
end

--- Ask in `buf` from now on, whenever text or cursor change in insert mode.
function M.enable(buf)
  local group = vim.api.nvim_create_augroup('mellum.automatic.' .. buf, {})
  vim.api.nvim_create_autocmd({ 'InsertEnter', 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, {
    group = group,
    buffer = buf,
    callback = changed,
  })
  vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, {
    group = group,
    buffer = buf,
    callback = function()
      stop()
      ghost.clear()
    end,
  })
  vim.api.nvim_create_autocmd('LspDetach', { group = group, buffer = buf, callback = stop })
end

return M

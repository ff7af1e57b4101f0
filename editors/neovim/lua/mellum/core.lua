-- The seam to vim.lsp.inline_completion of Neovim 0.12: it asks and shows by itself, and what it lacks (a word, a line,
-- others to choose from) is shown by the plugin's own ghost text until the next answer of its own.

local ghost = require('mellum.ghost')
local item = require('mellum.item')
local request = require('mellum.request')
local server = require('mellum.server')

local M = {}

--- Neovim's module; nil where it has none.
function M.module()
  local found, module = pcall(function()
    return vim.lsp.inline_completion
  end)
  return found and type(module) == 'table' and module.get and module or nil
end

--- Have what is shown in `buf` handed to `take` as an item (nil where it cannot be placed) and taken away; false when
--- nothing is shown.
function M.take(buf, take)
  local module = M.module()
  return module ~= nil
    and module.get({
      bufnr = buf,
      on_accept = function(core)
        take(item.of_core(buf, core))
      end,
    })
end

--- Let Neovim show suggestions in `buf`.
function M.enable(buf)
  local module = M.module()
  if not module.is_enabled({ bufnr = buf }) then
    module.enable(true, { bufnr = buf })
  end
  local group = vim.api.nvim_create_augroup('mellum.core.' .. buf, {})
  -- What was shown when a request was sent makes way for the answer.
  local asked = {}
  vim.api.nvim_create_autocmd('LspRequest', {
    group = group,
    buffer = buf,
    callback = function(event)
      local id, said = event.data.request_id, event.data.request
      if said.method ~= server.INLINE_COMPLETION then
        return
      elseif said.type == 'pending' then
        asked[id] = not request.is_sending() and ghost.count() or nil
      else
        if said.type == 'complete' and asked[id] == ghost.count() then
          ghost.clear()
        end
        asked[id] = nil
      end
    end,
  })
  vim.api.nvim_create_autocmd({ 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, {
    group = group,
    buffer = buf,
    callback = ghost.refresh,
  })
  vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, {
    group = group,
    buffer = buf,
    callback = function()
      request.cancel()
      ghost.clear()
    end,
  })
end

return M

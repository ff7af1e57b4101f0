-- Requests for inline completions of the plugin's own: one at a time; a new one cancels the one before, and an answer
-- to a text or cursor that has changed since is dropped.

local item = require('mellum.item')
local server = require('mellum.server')

local M = {}

local cancel
local sending = false

local function here(buf)
  local cursor = vim.api.nvim_win_get_cursor(0)
  return table.concat({ buf, vim.api.nvim_buf_get_changedtick(buf), cursor[1], cursor[2] }, ' ')
end

--- Take back what is under way.
function M.cancel()
  if cancel then
    cancel()
    cancel = nil
  end
end

--- Ask in the current buffer; `got` is called with the list of items, empty when there are none, unless the answer
--- comes too late. `kind` is server.INVOKED or server.AUTOMATIC.
function M.send(kind, got)
  M.cancel()
  local buf = vim.api.nvim_get_current_buf()
  local client = server.of(buf)
  if not client then
    return
  end
  local params = server.position(client, buf)
  params.context = { triggerKind = kind }
  local place = here(buf)
  local number
  sending = true
  local _, id = client:request(server.INLINE_COMPLETION, params, function(_, result)
    if number ~= nil and cancel == number then
      cancel = nil
    end
    if buf ~= vim.api.nvim_get_current_buf() or here(buf) ~= place or vim.api.nvim_get_mode().mode:sub(1, 1) ~= 'i' then
      return
    end
    local items = {}
    for _, raw in ipairs(result and (result.items or result) or {}) do
      items[#items + 1] = item.of_answer(buf, client, raw)
    end
    got(items)
  end, buf)
  sending = false
  if id then
    number = function()
      client:cancel_request(id)
    end
    cancel = number
  end
end

--- Whether the request that is being announced right now is one of these.
function M.is_sending()
  return sending
end

return M

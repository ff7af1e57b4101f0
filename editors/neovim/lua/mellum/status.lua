-- How the server stands, in a few words for a status line. Asks for nothing: the server tells.

local server = require('mellum.server')

local M = {}

-- By client id: { busy, kind, message }, as didChangeStatus brings it.
local told = {}

local SIGNS = { Normal = '', Inactive = ' off', Warning = ' ?', Error = ' !' }

--- Handler of didChangeStatus.
function M.changed(_, status, context)
  told[context.client_id] = status
  vim.schedule(function()
    vim.api.nvim_exec_autocmds('User', { pattern = 'MellumStatus', modeline = false, data = status })
    vim.cmd.redrawstatus()
  end)
end

--- What the server last said of itself in `buf`: { busy, kind, message }; nil where none is attached.
function M.of(buf)
  local client = server.of(buf)
  return client and (told[client.id] or { busy = false, kind = 'Normal', message = '' })
end

--- The text: empty where no server is attached.
function M.text(buf)
  local status = M.of(buf)
  if not status then
    return ''
  end
  local text = 'mellum' .. (SIGNS[status.kind] or '') .. (status.busy and ' …' or '')
  return status.message ~= '' and ('%s (%s)'):format(text, status.message) or text
end

return M

-- Tells the server where the user is, so that the model can read ahead there: notifications, nothing is answered.

local server = require('mellum.server')

local M = {}

--- Tell of the cursor in `buf` from now on.
function M.attach(buf)
  local group = vim.api.nvim_create_augroup('mellum.cursor.' .. buf, {})
  vim.api.nvim_create_autocmd('BufEnter', {
    group = group,
    buffer = buf,
    callback = function()
      local client = server.of(buf)
      if client then
        client:notify('textDocument/didFocus', { textDocument = { uri = vim.uri_from_bufnr(buf) } })
      end
    end,
  })
  -- In insert mode the requests say where the cursor is.
  vim.api.nvim_create_autocmd('CursorMoved', {
    group = group,
    buffer = buf,
    callback = function()
      local client = server.of(buf)
      if client then
        local place = vim.lsp.util.make_position_params(0, client.offset_encoding)
        local range = { start = place.position, ['end'] = place.position }
        client:notify('mellum/didMoveCursor', { textDocument = place.textDocument, range = range })
      end
    end,
  })
end

return M

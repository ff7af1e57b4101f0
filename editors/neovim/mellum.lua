-- Inline completions of mellum-ls in Neovim 0.12. In init.lua, with this file in a folder lua/ of the runtime path:
--
--   vim.lsp.config('mellum', { cmd = { 'mellum-ls', '--stdio' }, root_markers = { '.git' } })
--   vim.lsp.enable('mellum')
--   vim.lsp.inline_completion.enable()
--   vim.keymap.set('i', '<Tab>', function()
--     if not require('mellum').accept() then return '<Tab>' end
--   end, { expr = true })

local M = {}

-- Byte positions of a vim.Range, whose fields have changed their names.
local function bytes_of(range)
  if range.start then
    return range.start.row, range.start.col, range.end_.row, range.end_.col
  end
  return range.start_row, range.start_col, range.end_row, range.end_col
end

-- Put the text of `item` where it belongs. Neovim shows a text on while one types along, but its own acceptance puts
-- the whole of it before what was typed since (neovim#36529); here that is part of what the text replaces.
local function put(item)
  local row, start, last, finish = bytes_of(item.range)
  local cursor = vim.api.nvim_win_get_cursor(0)
  if cursor[1] - 1 ~= row or last ~= row or cursor[2] < start then
    return
  end
  local typed = vim.api.nvim_buf_get_text(0, row, start, row, cursor[2], {})[1]
  if item.insert_text:sub(1, #typed) ~= typed then
    return
  end
  local lines = vim.split(item.insert_text, '\n', { plain = true })
  vim.api.nvim_buf_set_text(0, row, start, row, finish + #typed, lines)
  local column = #lines[#lines] + (#lines == 1 and start or 0)
  vim.api.nvim_win_set_cursor(0, { row + #lines, column })
  local client = vim.lsp.get_client_by_id(item.client_id)
  if client and item.command then
    client:exec_cmd(item.command, { bufnr = vim.api.nvim_get_current_buf() })
  end
end

--- Accept what is shown; false when nothing is.
function M.accept()
  return vim.lsp.inline_completion.get({ on_accept = put })
end

return M

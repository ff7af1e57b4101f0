-- A suggestion at its place in a buffer: what of it is left there, and how it or a part of it is put in. Knows neither
-- requests nor how it is shown.
--
-- An item: buf, client_id, row and start (0-based, bytes), behind (bytes of the line behind what the text replaces),
-- text, command, raw (as it came from the server).

local M = {}

local function line_of(item)
  return vim.api.nvim_buf_get_lines(item.buf, item.row, item.row + 1, false)[1] or ''
end

--- An item of a server's answer, at the moment it comes; nil where it cannot be placed.
function M.of_answer(buf, client, raw)
  local range = raw.range
  if type(raw.insertText) ~= 'string' or not range or range.start.line ~= range['end'].line then
    return nil
  end
  local item = { buf = buf, client_id = client.id, row = range.start.line, text = raw.insertText }
  local line = line_of(item)
  item.start = vim.str_byteindex(line, client.offset_encoding, range.start.character, false)
  item.behind = #line - vim.str_byteindex(line, client.offset_encoding, range['end'].character, false)
  item.command, item.raw = raw.command, raw
  return item
end

--- An item of vim.lsp.inline_completion; nil where it cannot be placed. Its range is that of the answer, and what was
--- typed since stands before the range's end.
function M.of_core(buf, core)
  local range = core.range
  if not range or type(core.insert_text) ~= 'string' then
    return nil
  end
  -- The fields of vim.Range have changed their names.
  local row, start, last, finish
  if range.start then
    row, start, last, finish = range.start.row, range.start.col, range.end_.row, range.end_.col
  else
    row, start, last, finish = range.start_row, range.start_col, range.end_row, range.end_col
  end
  local cursor = vim.api.nvim_win_get_cursor(0)
  if last ~= row or cursor[1] - 1 ~= row then
    return nil
  end
  local item = { buf = buf, client_id = core.client_id, row = row, start = start, text = core.insert_text }
  item.behind = #line_of(item) - (finish + cursor[2] - start)
  item.command = core.command
  item.raw = { insertText = core.insert_text, command = core.command }
  return item
end

--- What is left of the text behind the cursor, and what stands there that it replaces; nil when the user has gone
--- elsewhere or typed something else.
function M.rest(item)
  if vim.api.nvim_get_current_buf() ~= item.buf then
    return nil
  end
  local cursor = vim.api.nvim_win_get_cursor(0)
  local line = line_of(item)
  local finish = #line - item.behind
  if cursor[1] - 1 ~= item.row or cursor[2] < item.start or cursor[2] > finish then
    return nil
  end
  local typed = line:sub(item.start + 1, cursor[2])
  if item.text:sub(1, #typed) ~= typed or #typed == #item.text then
    return nil
  end
  return item.text:sub(#typed + 1), line:sub(cursor[2] + 1, finish)
end

--- The next word of a text, with the blanks before it.
function M.word(text)
  return text:match('^%s*[%w_\128-\255]+') or text:match('^%s*[^%w_%s\128-\255]+') or text
end

--- The next line of a text; with the line end before it where there is one.
function M.line(text)
  return text:match('^\n?[^\n]+') or text
end

local function insert(row, start, finish, text)
  local lines = vim.split(text, '\n', { plain = true })
  vim.api.nvim_buf_set_text(0, row, start, row, finish, lines)
  vim.api.nvim_win_set_cursor(0, { row + #lines, #lines[#lines] + (#lines == 1 and start or 0) })
end

--- Put the whole text in; false when it does not fit any more. What was typed since it came is part of what it
--- replaces: Neovim's own acceptance puts the text before that (neovim#36529).
function M.put(item)
  if not M.rest(item) then
    return false
  end
  insert(item.row, item.start, #line_of(item) - item.behind, item.text)
  local client = vim.lsp.get_client_by_id(item.client_id)
  if client and item.command then
    client:exec_cmd(item.command, { bufnr = item.buf })
  end
  return true
end

--- Put in what `take` takes of the rest; the item that is left, or nil when that was all of it or it does not fit.
function M.put_part(item, take)
  local rest = M.rest(item)
  local part = rest and take(rest)
  if not rest or part == rest then
    M.put(item)
    return nil
  end
  local cursor = vim.api.nvim_win_get_cursor(0)
  insert(item.row, cursor[2], cursor[2], part)
  local client = vim.lsp.get_client_by_id(item.client_id)
  if client then
    local taken = item.raw.insertText:sub(1, #item.raw.insertText - #rest + #part)
    -- UTF-16 units from the start of the text, whatever the encoding of the client.
    local length = vim.str_utfindex(taken, 'utf-16')
    client:notify('textDocument/didPartiallyAcceptCompletion', { item = item.raw, acceptedLength = length })
  end
  local left = vim.tbl_extend('force', item, {})
  local _, ends = part:gsub('\n', '')
  if ends > 0 then
    left.row, left.start = item.row + ends, 0
    left.text = part:match('[^\n]*$') .. rest:sub(#part + 1)
  end
  return left
end

return M

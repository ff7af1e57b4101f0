-- Next edits: what you would change next, shown after a change in normal mode. It speaks
-- textDocument/copilotInlineEdit, so it works with any server that does. setup() turns it on.

local M = {}

local SPACE = vim.api.nvim_create_namespace('mellum.next_edit')
local METHOD = 'textDocument/copilotInlineEdit'
local DEBOUNCE_MS = 100
-- What is shown: { buf, client_id, edit }; and how to take back the request that is under way.
local shown, cancel
local timer = assert(vim.uv.new_timer())
local GROUP = 'mellum.next_edit'

vim.api.nvim_set_hl(0, 'MellumNextEditOld', { link = 'DiffDelete', default = true })
vim.api.nvim_set_hl(0, 'MellumNextEditNew', { link = 'DiffAdd', default = true })

local function client_of(buf)
  for _, client in ipairs(vim.lsp.get_clients({ bufnr = buf })) do
    local experimental = client.server_capabilities.experimental
    if client.name:lower():find('mellum') or (experimental and experimental.mellum) then
      return client
    end
  end
end

local function is_current(buf, edit)
  return edit.textDocument.uri == vim.uri_from_bufnr(buf)
    and edit.textDocument.version == vim.lsp.util.buf_versions[buf]
end

--- Take away what is shown, without a word to the server.
function M.clear()
  if cancel then
    cancel()
    cancel = nil
  end
  if shown and vim.api.nvim_buf_is_valid(shown.buf) then
    vim.api.nvim_buf_clear_namespace(shown.buf, SPACE, 0, -1)
  end
  shown = nil
end

local function column(buf, client, place)
  local line = vim.api.nvim_buf_get_lines(buf, place.line, place.line + 1, false)[1] or ''
  return math.min(#line, vim.str_byteindex(line, client.offset_encoding, place.character, false))
end

local function show(buf, client, edit)
  local first, last = edit.range.start, edit.range['end']
  local start, finish = column(buf, client, first), column(buf, client, last)
  if first.line ~= last.line or start ~= finish then
    vim.api.nvim_buf_set_extmark(buf, SPACE, first.line, start, {
      end_row = math.min(last.line, vim.api.nvim_buf_line_count(buf) - 1),
      end_col = last.line < vim.api.nvim_buf_line_count(buf) and finish or 0,
      hl_group = 'MellumNextEditOld',
    })
  end
  local lines = vim.split(edit.text, '\n', { plain = true })
  local mark = { virt_text_pos = 'inline', virt_text = { { lines[1], 'MellumNextEditNew' } } }
  if #lines > 1 then
    mark.virt_lines = vim.tbl_map(function(line)
      return { { line, 'MellumNextEditNew' } }
    end, vim.list_slice(lines, 2))
  end
  vim.api.nvim_buf_set_extmark(buf, SPACE, first.line, finish, mark)
  shown = { buf = buf, client_id = client.id, edit = edit }
  client:notify('textDocument/didShowInlineEdit', { item = { command = edit.command } })
end

--- Ask for the next edit in the current buffer and show it when it comes.
function M.request()
  M.clear()
  local buf = vim.api.nvim_get_current_buf()
  local client = client_of(buf)
  if not client then
    return
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.textDocument.version = vim.lsp.util.buf_versions[buf]
  params.context = { triggerKind = 2 }
  local _, id = client:request(METHOD, params, function(_, result)
    cancel = nil
    local edit = result and result.edits and result.edits[1]
    if edit and vim.api.nvim_buf_is_valid(buf) and is_current(buf, edit) then
      show(buf, client, edit)
    end
  end, buf)
  cancel = id and function()
    client:cancel_request(id)
  end
end

--- What is shown, as it came from the server; nil when nothing is.
function M.shown()
  return shown and shown.edit
end

--- Make the edit that is shown and go there; false when nothing is shown any more.
function M.accept()
  local here = shown
  M.clear()
  local client = here and vim.lsp.get_client_by_id(here.client_id)
  if not client or not is_current(here.buf, here.edit) then
    return false
  end
  -- A key that is mapped as an expression may not change the text itself.
  vim.schedule(function()
    local edit = here.edit
    local change = { range = edit.range, newText = edit.text }
    vim.lsp.util.apply_text_edits({ change }, here.buf, client.offset_encoding)
    if here.buf == vim.api.nvim_get_current_buf() then
      local row = math.min(edit.range.start.line + 1, vim.api.nvim_buf_line_count(0))
      vim.api.nvim_win_set_cursor(0, { row, column(here.buf, client, edit.range.start) })
    end
    client:exec_cmd(edit.command, { bufnr = here.buf })
  end)
  return true
end

--- Turn down what is shown, so that it does not come again there; false when nothing is shown.
function M.reject()
  local here = shown
  M.clear()
  local client = here and vim.lsp.get_client_by_id(here.client_id)
  if not client then
    return false
  end
  local command = { title = 'Reject', command = 'mellum.nextEdit.rejected', arguments = here.edit.command.arguments }
  client:exec_cmd(command, { bufnr = here.buf })
  return true
end

--- Ask by itself after each change in normal mode, and when insert mode is left.
function M.enable()
  local group = vim.api.nvim_create_augroup(GROUP, {})
  vim.api.nvim_create_autocmd({ 'TextChanged', 'InsertLeave' }, {
    group = group,
    callback = function()
      M.clear()
      timer:start(DEBOUNCE_MS, 0, vim.schedule_wrap(M.request))
    end,
  })
  vim.api.nvim_create_autocmd({ 'TextChangedI', 'InsertEnter', 'BufLeave' }, {
    group = group,
    callback = function()
      timer:stop()
      M.clear()
    end,
  })
end

--- Ask no more by itself, and take away what is shown.
function M.disable()
  vim.api.nvim_create_augroup(GROUP, {})
  timer:stop()
  M.clear()
end

return M

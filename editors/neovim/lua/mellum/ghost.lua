-- The plugin's own ghost text: a list of suggestions of which one is shown at the cursor. Asks for nothing.

local item = require('mellum.item')

local M = {}

local SPACE = vim.api.nvim_create_namespace('mellum.ghost')
-- What is shown: { items, index, several }, and how often something new was.
local shown
local count = 0

-- The groups of Neovim's own ghost text, which it has from 0.12 on.
local has_own = vim.fn.hlexists('ComplHint') == 1
vim.api.nvim_set_hl(0, 'MellumGhost', { link = has_own and 'ComplHint' or 'NonText', default = true })
vim.api.nvim_set_hl(0, 'MellumGhostMore', { link = has_own and 'ComplHintMore' or 'MoreMsg', default = true })

local function erase()
  if shown and vim.api.nvim_buf_is_valid(shown.items[1].buf) then
    vim.api.nvim_buf_clear_namespace(shown.items[1].buf, SPACE, 0, -1)
  end
end

local function draw(rest, replaced, hint)
  -- What stands behind the cursor and stays need not be shown twice.
  if replaced ~= '' and not rest:find('\n') and vim.endswith(rest, replaced) then
    rest = rest:sub(1, #rest - #replaced)
  end
  local lines = {}
  for text in vim.gsplit(rest, '\n', { plain = true }) do
    lines[#lines + 1] = { { text, 'MellumGhost' } }
  end
  if hint then
    table.insert(lines[#lines], { hint, 'MellumGhostMore' })
  end
  local cursor = vim.api.nvim_win_get_cursor(0)
  vim.api.nvim_buf_set_extmark(0, SPACE, cursor[1] - 1, cursor[2], {
    virt_text = lines[1],
    virt_lines = #lines > 1 and vim.list_slice(lines, 2) or nil,
    virt_text_pos = 'inline',
    hl_mode = 'combine',
  })
end

local function tell_shown(one)
  local client = vim.lsp.get_client_by_id(one.client_id)
  if client and not one.told then
    one.told = true
    client:notify('textDocument/didShowCompletion', { item = one.raw })
  end
end

--- Show what still fits the cursor, or nothing; to be called whenever text or cursor have changed.
function M.refresh()
  erase()
  local one = M.current()
  local rest, replaced
  if one then
    rest, replaced = item.rest(one)
  end
  if not rest then
    shown = nil
    return false
  end
  draw(rest, replaced, shown.several and (' (%d/%d)'):format(shown.index, #shown.items) or nil)
  tell_shown(one)
  return true
end

--- Show the suggestion `index` of `items`; `several` tells which of how many it is. False where it does not fit.
function M.show(items, index, several)
  erase()
  count = count + 1
  shown = items[1] and { items = items, index = index or 1, several = several }
  return M.refresh()
end

--- Take away what is shown; false when nothing was.
function M.clear()
  erase()
  local was = shown ~= nil
  shown = nil
  return was
end

--- The suggestion that is shown, or nil.
function M.current()
  return shown and shown.items[shown.index]
end

--- Show the one `step` further in a list of several; false where there is no such list.
function M.cycle(step)
  if not (shown and shown.several) then
    return false
  end
  shown.index = (shown.index - 1 + step) % #shown.items + 1
  return M.refresh()
end

--- A number that changes whenever something new is shown.
function M.count()
  return count
end

return M

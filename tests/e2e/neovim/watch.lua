-- What the tests see of the editor: the text that is shown, whether it is the newest, and conditions to wait for.
local M = { asked = {}, fresh = nil, cancelled = 0, told = {} }
local INLINE = 'textDocument/inlineCompletion'

local function here()
  local cursor = vim.api.nvim_win_get_cursor(0)
  return table.concat({ vim.api.nvim_buf_get_changedtick(0), cursor[1], cursor[2] }, ' ')
end

vim.api.nvim_create_autocmd('LspRequest', {
  callback = function(event)
    local request, id = event.data.request, event.data.request_id
    if request.method ~= INLINE then
      return
    end
    if request.type == 'pending' then
      M.asked[id] = here()
    elseif request.type == 'cancel' then
      M.cancelled = M.cancelled + 1
    elseif request.type == 'complete' then
      -- The event comes before the editor's own handler has run.
      local place = M.asked[id]
      vim.schedule(function()
        M.fresh = place
      end)
    end
  end,
})

local function chunks(list)
  local texts = {}
  for _, chunk in ipairs(list) do
    texts[#texts + 1] = chunk[1]
  end
  return table.concat(texts)
end

local function in_space(name)
  local space = vim.api.nvim_create_namespace(name)
  local mark = vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })[1]
  if not mark then
    return nil
  end
  local lines = { chunks(mark[4].virt_text or {}) }
  for _, line in ipairs(mark[4].virt_lines or {}) do
    lines[#lines + 1] = chunks(line)
  end
  local cursor = vim.api.nvim_win_get_cursor(0)
  local at_cursor = mark[2] == cursor[1] - 1 and mark[3] == cursor[2]
  return { text = table.concat(lines, '\n'), at_cursor = at_cursor, by = name }
end

--- The ghost text, lines joined by \n, whose it is, and whether it stands at the cursor; nil when there is none. An
--- error where there are two.
function M.shown()
  local core, own = in_space('nvim.lsp.inline_completion'), in_space('mellum.ghost')
  assert(not (core and own), 'two suggestions are shown at once')
  return core or own
end

--- The ghost text once it answers the buffer and the cursor as they are.
function M.answered()
  return M.fresh == here() and M.shown() or nil
end

--- Write down from now on what a client is notified of by `method`.
function M.listen(client, method)
  local notify = client.notify
  client.notify = function(self, name, params)
    if name == method then
      M.told[#M.told + 1] = params
    end
    return notify(self, name, params)
  end
end

function M.lines()
  return vim.api.nvim_buf_get_lines(0, 0, -1, true)
end

--- Tell `channel` the first value of `condition` that is neither nil nor false. It must not wait for anything itself.
function M.when(channel, number, condition)
  local timer = assert(vim.uv.new_timer())
  timer:start(0, 5, vim.schedule_wrap(function()
    if timer:is_closing() then
      return
    end
    local value = condition()
    if value then
      timer:close()
      vim.rpcnotify(channel, 'when', number, value)
    end
  end))
end

_G.watch = M

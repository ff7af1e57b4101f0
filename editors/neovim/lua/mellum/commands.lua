-- The subcommands of :Mellum. Each says what it did, or why it could not.

local server = require('mellum.server')

local M = {}

local function say(text, level)
  vim.notify('mellum: ' .. text, level or vim.log.levels.INFO)
end

-- The client of the current buffer; where there is none, that is said.
local function client_here()
  local client = server.of(vim.api.nvim_get_current_buf())
  if not client then
    say('no server is attached to this buffer; :checkhealth mellum says why', vim.log.levels.WARN)
  end
  return client
end

-- Text in a window of its own, which q closes.
local function show(title, text)
  vim.cmd('botright new')
  local buf = vim.api.nvim_get_current_buf()
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, vim.split(vim.trim(text), '\n', { plain = true }))
  vim.bo[buf].buftype, vim.bo[buf].bufhidden, vim.bo[buf].modifiable = 'nofile', 'wipe', false
  vim.api.nvim_buf_set_name(buf, ('mellum://%s/%d'):format(title, buf))
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = buf })
end

local function report(client, got)
  client:request('mellum/status', vim.empty_dict(), function(err, result)
    if err then
      say('the server does not tell its status: ' .. err.message, vim.log.levels.ERROR)
    else
      got(result)
    end
  end)
end

local function enable(on)
  require('mellum.ghost').clear()
  require('mellum.next_edit').clear()
  server.configure({ enable = on })
  if #server.all() == 0 then
    say('no server is running', vim.log.levels.WARN)
  else
    say(on and 'suggestions are on' or 'suggestions are off; :Mellum resume turns them on')
  end
end

local SUB = {}

function SUB.pause()
  enable(false)
end

function SUB.resume()
  enable(true)
end

function SUB.status()
  local client = client_here()
  if client then
    report(client, function(said)
      local silence = said.reason ~= '' and ('; the last request got nothing: ' .. said.reason) or ''
      local trouble = said.lastError ~= '' and ('; ' .. said.lastError) or ''
      local model = said.model ~= '' and said.model or 'the default model'
      say(('%s, %s%s%s'):format(said.state, model, silence, trouble))
    end)
  end
end

function SUB.model(folder)
  if folder ~= '' then
    server.configure({ model = vim.fs.normalize(vim.fn.fnamemodify(vim.fn.expand(folder), ':p')) })
    say('the model is now that of ' .. folder)
    return
  end
  local client = client_here()
  if client then
    report(client, function(said)
      say(said.model ~= '' and said.model or 'the default model')
    end)
  end
end

function SUB.log()
  local path = vim.lsp.log and vim.lsp.log.get_filename and vim.lsp.log.get_filename() or vim.lsp.get_log_path()
  vim.cmd.tabedit({ args = { path }, magic = { file = false, bar = false } })
end

function SUB.doctor()
  local command = vim.list_extend(server.program(), { 'doctor' })
  local started, trouble = pcall(vim.system, command, { text = true }, function(done)
    vim.schedule(function()
      show('doctor', done.stdout .. (done.stdout == '' and done.stderr or ''))
    end)
  end)
  say(started and 'looking at everything' or trouble, started and vim.log.levels.INFO or vim.log.levels.ERROR)
end

-- Rewrite the lines as the user says, or as asked for.
function SUB.refactor(instruction, given)
  local client = client_here()
  if not client then
    return
  end
  local function run(wish)
    if not wish or wish == '' then
      return
    end
    local lines = { given.line1 - 1, given.line2 - 1 }
    local wanted = { kind = 'refactor', uri = vim.uri_from_bufnr(0), lines = lines, instruction = wish }
    local command = { title = 'Refactor', command = 'mellum.action', arguments = { wanted } }
    client:exec_cmd(command, { bufnr = vim.api.nvim_get_current_buf() }, function(err, done)
      local reason = err and err.message or done and done.reason
      if reason and reason ~= '' then
        say(reason, vim.log.levels.WARN)
      end
    end)
  end
  if instruction ~= '' then
    run(instruction)
  else
    vim.ui.input({ prompt = 'How should it be? ' }, run)
  end
end

--- Run what the user gave to :Mellum.
function M.run(given)
  local name, rest = given.args:match('^(%S*)%s*(.-)%s*$')
  local sub = SUB[name == '' and 'status' or name]
  if not sub then
    say(("there is no ':Mellum %s'; see :help :Mellum"):format(name), vim.log.levels.ERROR)
    return
  end
  sub(rest, given)
end

--- What may stand where the user is typing.
function M.complete(lead, line)
  if line:match('Mellum%s+model%s') then
    return vim.fn.getcompletion(lead, 'dir')
  end
  local names = vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, vim.tbl_keys(SUB))
  table.sort(names)
  return names
end

return M

-- :checkhealth mellum: this Neovim, the program, the server in this window, and what its doctor finds.

local server = require('mellum.server')

local M = {}

local DOCTOR_MS = 120000
local health = vim.health

local function neovim()
  health.start('Neovim')
  local version = tostring(vim.version())
  if vim.fn.has('nvim-0.11') == 0 then
    health.error(version .. ' has no vim.lsp.config', 'use Neovim 0.11 or newer, best 0.12')
  elseif require('mellum.core').module() then
    health.ok(version .. ' has vim.lsp.inline_completion')
  else
    health.ok(version .. ' has no vim.lsp.inline_completion: the plugin shows its own ghost text')
  end
end

-- What a command prints; nil and why, where it cannot be run.
local function output(command, milliseconds)
  local started, job = pcall(vim.system, command, { text = true })
  if not started then
    return nil, 'cannot be run: ' .. vim.trim(tostring(job))
  end
  local done = job:wait(milliseconds)
  if done.code == 124 then
    return nil, ('did not end within %d s'):format(milliseconds / 1000)
  end
  return done.stdout, vim.trim(done.stderr)
end

local function program()
  health.start('The program')
  local words = server.program()
  local name = table.concat(words, ' ')
  if vim.fn.executable(words[1]) == 0 then
    local advice = "install mellum-ls, or name the program: vim.lsp.config('mellum', { cmd = { '/path/to/mellum-ls', 'serve', '--stdio' } })"
    health.error(words[1] .. ' is not there, or not on PATH', advice)
    return nil
  end
  local version, trouble = output(vim.list_extend(vim.deepcopy(words), { '--version' }), DOCTOR_MS)
  if not version or version == '' then
    health.error(name .. ' does not tell its version', trouble)
    return nil
  end
  health.ok(('%s at %s'):format(vim.trim(version), vim.fn.exepath(words[1])))
  return words
end

local function window()
  health.start('This window')
  local clients = server.all()
  if #clients == 0 then
    health.warn('no server is running', "vim.lsp.enable('mellum') in init.lua starts it when a file is opened")
  end
  for _, client in ipairs(clients) do
    local said = client.server_info or {}
    health.ok(('%s %s serves %d buffers'):format(said.name, said.version, #vim.tbl_keys(client.attached_buffers)))
    for buf in pairs(client.attached_buffers) do
      local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buf), ':t')
      local core = require('mellum.core').module()
      if require('mellum.completion').is_own(buf) then
        health.ok(name .. ": the plugin's ghost text is on")
      elseif core and core.is_enabled({ bufnr = buf }) then
        health.ok(name .. ': vim.lsp.inline_completion is on')
      else
        health.warn(name .. ': nothing shows suggestions', "require('mellum').setup() turns them on")
      end
    end
  end
  if not require('mellum.config').options.keymaps then
    health.info('no keys are mapped by setup(); see :help mellum-keys')
  end
end

local TELL = { ok = health.ok, note = health.info, warning = health.warn, failure = health.error }

local function doctor(words)
  health.start('mellum-ls doctor')
  local text, trouble = output(vim.list_extend(vim.deepcopy(words), { 'doctor', '--json' }), DOCTOR_MS)
  local read, found = pcall(vim.json.decode, text or '')
  if not read then
    health.error('the doctor says nothing', trouble)
    return
  end
  for _, check in ipairs(found.checks) do
    local says = ('%s, %s: %s'):format(check.group, check.name, check.says)
    for _, one in ipairs(check.listed) do
      says = says .. '\n  - ' .. one
    end
    TELL[check.state](says, check.remedy ~= '' and check.remedy or nil)
  end
end

--- Called by Neovim.
function M.check()
  neovim()
  local words = program()
  window()
  if words then
    doctor(words)
  end
end

return M

-- The plugin as users call it: setup, what the keys do, and the status line. Each part is a module of its own, loaded
-- when it is first used.

local M = {}

local function of(module, name)
  M[name] = function(...)
    return require('mellum.' .. module)[name](...)
  end
end

--- What the keys call. Each is false when there is nothing to do, so that the key can do what it does otherwise.
for _, name in ipairs({ 'accept', 'accept_word', 'accept_line', 'next', 'previous', 'dismiss' }) do
  of('completion', name)
end

--- Text for a status line: empty where no server is attached.
function M.status()
  return require('mellum.status').text(vim.api.nvim_get_current_buf())
end

local function attach(buf)
  local options = require('mellum.config').options
  require('mellum.completion').attach(buf, options.ghost_text)
  require('mellum.cursor').attach(buf)
  if options.keymaps then
    require('mellum.keymaps').attach(buf, options.keymaps)
  end
end

--- Show suggestions in every buffer that the server is attached to. `options`: see :help mellum-setup.
function M.setup(options)
  options = require('mellum.config').set(options)
  -- Where this folder has come onto the runtime path too late for Neovim to have read it.
  vim.cmd.runtime('plugin/mellum.lua')
  local server = require('mellum.server')
  vim.api.nvim_create_autocmd('LspAttach', {
    group = vim.api.nvim_create_augroup('mellum', {}),
    callback = function(event)
      if server.is_ours(vim.lsp.get_client_by_id(event.data.client_id)) then
        attach(event.buf)
      end
    end,
  })
  for _, client in ipairs(vim.lsp.get_clients()) do
    if server.is_ours(client) then
      vim.tbl_map(attach, vim.tbl_keys(client.attached_buffers))
    end
  end
  if options.next_edit then
    require('mellum.next_edit').enable()
  else
    require('mellum.next_edit').disable()
  end
end

return M

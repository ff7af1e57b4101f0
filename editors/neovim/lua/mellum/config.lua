-- What a user can say in setup(), and what holds when nothing is said. Settings of the server are not here: they belong
-- to vim.lsp.config.

local M = {}

-- The keys of `keymaps = true`. Those of insert mode do what they do otherwise when nothing is shown.
M.KEYS = {
  accept = '<Tab>',
  accept_word = '<M-Right>',
  accept_line = '<M-Down>',
  next = '<M-]>',
  previous = '<M-[>',
  dismiss = '<C-]>',
  next_edit_accept = '<Tab>',
  next_edit_reject = '<Esc>',
}

local DEFAULTS = {
  -- false: none, true: KEYS, a table: those of KEYS with some changed, or left out by false.
  keymaps = false,
  -- 'core': vim.lsp.inline_completion, which Neovim has from 0.12 on; 'own': the plugin's; nil: core where there is one.
  ghost_text = nil,
  -- Whether next edits are shown. Turn it off where another plugin shows them.
  next_edit = true,
}

M.options = vim.deepcopy(DEFAULTS)

local function one_of(...)
  local allowed = { ... }
  return function(value)
    return value == nil or vim.list_contains(allowed, value)
  end
end

--- Take a user's options; they are returned whole. Raises an error that names what is wrong.
function M.set(given)
  given = given or {}
  vim.validate('options', given, 'table')
  for name in pairs(given) do
    if not vim.list_contains({ 'keymaps', 'ghost_text', 'next_edit' }, name) then
      error(("mellum: setup() has no option '%s'; see :help mellum-setup"):format(name), 0)
    end
  end
  local options = vim.tbl_extend('force', DEFAULTS, given)
  vim.validate('keymaps', options.keymaps, { 'boolean', 'table' })
  vim.validate('ghost_text', options.ghost_text, one_of('core', 'own'), "'core', 'own' or nil")
  vim.validate('next_edit', options.next_edit, 'boolean')
  if options.keymaps == true then
    options.keymaps = M.KEYS
  elseif options.keymaps then
    for name in pairs(options.keymaps) do
      if M.KEYS[name] == nil then
        error(("mellum: there is no key '%s'; see :help mellum-keys"):format(name), 0)
      end
    end
    options.keymaps = vim.tbl_extend('force', M.KEYS, options.keymaps)
  end
  M.options = options
  return options
end

return M

-- Run at the start of Neovim: the command :Mellum and the <Plug> keys. Everything else is loaded when it is used.
if vim.g.loaded_mellum then
  return
end
vim.g.loaded_mellum = true

vim.api.nvim_create_user_command('Mellum', function(given)
  require('mellum.commands').run(given)
end, {
  nargs = '*',
  range = true,
  desc = 'Mellum: pause, resume, status, model, log, doctor, refactor',
  complete = function(...)
    return require('mellum.commands').complete(...)
  end,
})

for name, plug in pairs({
  accept = '<Plug>(mellum-accept)',
  accept_word = '<Plug>(mellum-accept-word)',
  accept_line = '<Plug>(mellum-accept-line)',
  next = '<Plug>(mellum-next)',
  previous = '<Plug>(mellum-previous)',
  dismiss = '<Plug>(mellum-dismiss)',
}) do
  vim.keymap.set('i', plug, function()
    require('mellum')[name]()
  end, { desc = 'Mellum: ' .. name:gsub('_', ' ') })
end

-- The server for vim.lsp.enable('mellum'), in files of every kind. vim.lsp.config('mellum', {...}) changes what is here:
-- settings are those of `mellum-ls settings`, below settings.mellum.
return {
  cmd = { 'mellum-ls', 'serve', '--stdio' },
  root_dir = function(buf, start)
    -- A buffer of no kind, such as the empty one at the start, is no code.
    if vim.bo[buf].filetype ~= '' then
      start(vim.fs.root(buf, { '.git' }))
    end
  end,
  settings = { mellum = { status = true } },
  handlers = {
    didChangeStatus = function(...)
      return require('mellum.status').changed(...)
    end,
  },
}

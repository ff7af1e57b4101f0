-- The language server as a client of Neovim: which one it is, what starts it, its settings. Shows nothing.

local M = {}

-- LSP 3.18.
M.INVOKED, M.AUTOMATIC = 1, 2
M.INLINE_COMPLETION = 'textDocument/inlineCompletion'

--- Whether a client is this server, whatever its name: it says so in its capabilities.
function M.is_ours(client)
  local said = client and client.server_capabilities and client.server_capabilities.experimental
  return type(said) == 'table' and said.mellum ~= nil
end

--- The client of a buffer; nil where there is none.
function M.of(buf)
  for _, client in ipairs(vim.lsp.get_clients({ bufnr = buf })) do
    if M.is_ours(client) then
      return client
    end
  end
end

--- Every client that is this server.
function M.all()
  return vim.tbl_filter(M.is_ours, vim.lsp.get_clients())
end

--- The command line up to the name of its command: `mellum-ls` with what comes before `serve`.
function M.program()
  local client = M.all()[1]
  local config = client and client.config or vim.lsp.config.mellum
  local program = {}
  for _, word in ipairs(config and type(config.cmd) == 'table' and config.cmd or { 'mellum-ls' }) do
    if word == 'serve' or vim.startswith(word, '--') then
      break
    end
    program[#program + 1] = word
  end
  return program
end

--- Change settings of the server while it runs, as `{ name = value }`.
function M.configure(settings)
  for _, client in ipairs(M.all()) do
    client.settings = vim.tbl_deep_extend('force', client.settings or {}, { mellum = settings })
    client:notify('workspace/didChangeConfiguration', { settings = client.settings })
  end
end

--- Position parameters of the cursor, with the version of the document and how it is indented.
function M.position(client, buf)
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.textDocument.version = vim.lsp.util.buf_versions[buf]
  params.formattingOptions = { tabSize = vim.fn.shiftwidth(), insertSpaces = vim.bo[buf].expandtab }
  return params
end

return M

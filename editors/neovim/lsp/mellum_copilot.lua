-- The same server by a name with which sidekick.nvim finds it: vim.lsp.enable('mellum_copilot') instead of 'mellum'.
local config = vim.deepcopy(vim.lsp.config.mellum)
config.name = nil
return config

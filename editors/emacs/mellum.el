;;; mellum.el --- Code suggestions from a model on your own machine  -*- lexical-binding: t; -*-

;; Package-Requires: ((emacs "28.1"))
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Sets up mellum-ls in one of three packages; each is only touched when its function is called.
;;
;;   (mellum-setup-lsp-mode)   suggestions and code actions by lsp-mode 9.0.1 or newer
;;   (mellum-setup-copilot)    suggestions and next edits by copilot.el
;;   (mellum-setup-eglot)      code actions alone: eglot shows no inline completions

;;; Code:

(defgroup mellum nil
  "Code suggestions from a model on your own machine."
  :group 'tools)

(defcustom mellum-command "mellum-ls"
  "The program, by name or by its whole path."
  :type 'string)

(defcustom mellum-settings '(:mellum (:multiline "auto" :maxLines 16))
  "Settings of the server, below `:mellum'; `mellum-ls settings' lists them."
  :type 'plist)

(defcustom mellum-idle-delay 0.2
  "Seconds without a key after which lsp-mode asks for a suggestion."
  :type 'number)

(defvar lsp-inline-completion-enable)
(defvar lsp-inline-completion-idle-delay)
(defvar copilot-server-executable)
(defvar copilot-server-args)
(defvar copilot-version)
(defvar eglot-server-programs)
(declare-function lsp-register-client "lsp-mode")
(declare-function lsp-stdio-connection "lsp-mode")
(declare-function make-lsp-client "lsp-mode")

(defun mellum-server-command ()
  "The command line of the server."
  (list mellum-command "serve" "--stdio"))

(defun mellum-setup-lsp-mode ()
  "Let lsp-mode start the server beside the others, and show its suggestions."
  (require 'lsp-mode)
  (setq lsp-inline-completion-enable t
        lsp-inline-completion-idle-delay mellum-idle-delay)
  (lsp-register-client
   (make-lsp-client
    :new-connection (lsp-stdio-connection #'mellum-server-command)
    :activation-fn (lambda (&rest _) t)
    :server-id 'mellum
    :priority -2
    :add-on? t
    :multi-root t
    :initialization-options (lambda () mellum-settings))))

(defun mellum-setup-copilot ()
  "Let copilot.el talk to mellum-ls in place of its own server."
  (setq copilot-server-executable (or (executable-find mellum-command) mellum-command)
        copilot-server-args '("serve" "--stdio")
        ;; The version of another server says nothing here.
        copilot-version nil))

(defun mellum-setup-eglot (modes)
  "Let eglot start the server for MODES, a major mode or a list of them."
  (require 'eglot)
  (add-to-list 'eglot-server-programs
               (cons modes (append (mellum-server-command)
                                   (list :initializationOptions mellum-settings)))))

(provide 'mellum)
;;; mellum.el ends here

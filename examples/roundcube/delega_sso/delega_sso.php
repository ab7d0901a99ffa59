<?php

/**
 * The panel opens the web mail: it sends the browser to
 *
 *     https://webmail.example.it/?_sso=TOKEN&_login=LOGIN
 *
 * with a token that delega takes once, within a minute. (The login is that of delega, `username/mailbox@domain` or
 * `mailbox@domain`.)
 *
 * - Whoever comes so is shown who they would be, and one button on the login page, by which they are logged in.
 *   Looking at the address uses up nothing, and no other site can make a browser press the button: the form is Roundcube's
 *   own login form, with its request token, and at the login Roundcube begins a new session.
 * - The token is taken out of the address at once, so that neither the history nor a `Referer` has it, and waits in the
 *   session, encrypted.
 * - What Roundcube says to delega from then on is the token with a word that this plugin makes up. delega knows the login
 *   by both together, so that the token is of no use to whoever finds it later in a server's log.
 */
class delega_sso extends rcube_plugin
{
    public $noajax = true;
    public $noframe = true;

    /** For how long the button is shown, in seconds; for as long delega takes the token. */
    private const PATIENCE = 60;

    private const TEXTS = [
        'it' => [
            'continue' => 'Continua',
            'other' => 'Sei già in questa webmail come $login. Esci, poi riaprila dal pannello.',
        ],
        'en' => [
            'continue' => 'Continue',
            'other' => 'You are in this web mail as $login already. Log out, then open it from the panel again.',
        ],
    ];

    /** Who waits to be logged in: their login and token. */
    private $waiting;

    public function init()
    {
        $this->add_hook('startup', [$this, 'startup']);
        $this->add_hook('authenticate', [$this, 'authenticate']);
        $this->add_hook('loginform_content', [$this, 'form']);
    }

    public function startup($request)
    {
        $rcmail = rcmail::get_instance();

        if (isset($_GET['_sso'])) {
            $this->comes($rcmail);
        }

        if (isset($_SESSION['delega_sso_other'])) {
            unset($_SESSION['delega_sso_other']);
            $rcmail->output->show_message($this->text($rcmail, 'other', $_SESSION['username']), 'warning', null, true, 30);
        }

        $kept = $_SESSION['delega_sso'] ?? null;
        $waiting = $kept && empty($_SESSION['user_id']) ? json_decode((string) $rcmail->decrypt($kept), true) : null;

        if ($waiting && time() < $waiting['until']) {
            // At the login Roundcube clears the session, before anybody is asked who it is
            $this->waiting = $waiting;
        } elseif ($kept) {
            unset($_SESSION['delega_sso']);
        }

        return $request;
    }

    /** A browser that the panel sends. */
    private function comes($rcmail)
    {
        $token = rcube_utils::get_input_string('_sso', rcube_utils::INPUT_GET);
        $login = rcube_utils::get_input_string('_login', rcube_utils::INPUT_GET);
        $known = preg_match('/^[A-Za-z0-9_-]{43}$/D', $token) && preg_match('~^[!-\~]{3,400}$~D', $login);

        if ($known && empty($_SESSION['user_id'])) {
            $waiting = ['login' => $login, 'token' => $token, 'until' => time() + self::PATIENCE];
            $_SESSION['temp'] = true;
            $_SESSION['delega_sso'] = $rcmail->encrypt(json_encode($waiting));
        } elseif ($known && strcasecmp($_SESSION['username'], $login) !== 0) {
            // Nobody is logged out by an address that somebody else may have made up
            $_SESSION['delega_sso_other'] = true;
        }

        header('Referrer-Policy: no-referrer');
        $rcmail->output->redirect(['_task' => empty($_SESSION['user_id']) ? 'login' : 'mail']);
    }

    /** In the place of name and password: who it would be, and one button. */
    public function form($form)
    {
        if ($this->waiting) {
            $login = $this->waiting['login'];
            $label = $this->text(rcmail::get_instance(), 'continue', $login);
            $button = ['type' => 'submit', 'id' => 'rcmloginsubmit', 'class' => 'button mainaction submit'];
            $hidden = new html_hiddenfield(['name' => '_continue', 'value' => '1']);
            $form['hidden']['continue'] = $hidden->show();
            $form['inputs'] = ['login' => ['content' => html::span(['id' => 'delega-sso-login'], rcube::Q($login))]];
            $form['buttons'] = [
                'submit' => ['outterclass' => 'formbuttons', 'content' => html::tag('button', $button, rcube::Q($label))],
            ];
        }

        return $form;
    }

    /** The button was pressed; that the form is Roundcube's own it has looked at before. */
    public function authenticate($auth)
    {
        if ($this->waiting && $auth['valid'] && rcube_utils::get_input_string('_continue', rcube_utils::INPUT_POST)) {
            $auth['user'] = $this->waiting['login'];
            $auth['pass'] = $this->waiting['token'] . '.' . bin2hex(random_bytes(16));
        }

        return $auth;
    }

    private function text($rcmail, $name, $login)
    {
        $language = substr($_SESSION['language'] ?? $rcmail->config->get('language', 'en'), 0, 2);
        $texts = self::TEXTS[$language] ?? self::TEXTS['en'];

        return str_replace('$login', $login, $texts[$name]);
    }
}
